// Who has which roles where, kept by the changes of the view, so that a request looks at its own user's bindings only.

import type { PolicyRule, RoleRef, Subject } from 'kubernetes-types/rbac/v1.d.ts';
import type { KindName, KubernetesObject } from '../../objects/kinds.ts';
import type { ObjectView } from '../../objects/objects.ts';
import type { User } from '../request/api-request.ts';

/** A role that a user has, and by which binding. */
export interface HeldRole {
  readonly rules: readonly PolicyRule[];
  /** `RoleBinding "edit-bob/web" of ClusterRole "edit" to User "bob"`. */
  readonly because: () => string;
}

export interface RbacIndex {
  /** Roles of the user for this namespace; '' for those that hold everywhere only. */
  readonly rolesOf: (user: User, namespace: string) => Iterable<HeldRole>;
  /** Undefined for a role that is not there. */
  readonly rulesOf: (ref: RoleRef, namespace: string) => readonly PolicyRule[] | undefined;
}

const ACCOUNT = 'system:serviceaccount:';

const subjectKey = (kind: string, name: string): string => `${kind} ${name}`;

/** The key of whom a binding names; undefined for nobody. An account without namespace is of the binding's. */
function keyOfSubject({ kind, name, namespace }: Subject, home: string): string | undefined {
  if (kind !== 'ServiceAccount') return subjectKey(kind, name);
  const place = (namespace ?? '') === '' ? home : namespace!;
  return place === '' ? undefined : subjectKey('User', `${ACCOUNT}${place}:${name}`);
}

const keysOfUser = ({ name, groups }: User): readonly string[] => [
  subjectKey('User', name),
  ...groups.map((group) => subjectKey('Group', group)),
];

interface Binding {
  readonly kind: KindName;
  readonly name: string;
  /** '' for one that holds everywhere. */
  readonly namespace: string;
  readonly roleRef: RoleRef;
  readonly subjects: readonly Subject[];
}

const roleKey = (kind: string, namespace: string, name: string): string =>
  `${kind}/${namespace}/${name}`;

const placeKey = (namespace: string, name: string): string => `${namespace}/${name}`;

function because({ kind, name, namespace, roleRef }: Binding, subject: Subject): string {
  const binding = namespace === '' ? name : `${name}/${namespace}`;
  const account = subject.kind === 'ServiceAccount' ? `/${subject.namespace ?? namespace}` : '';
  return (
    `${kind} ${JSON.stringify(binding)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} ` +
    `to ${subject.kind} ${JSON.stringify(`${subject.name}${account}`)}`
  );
}

/** Holds one entry for each binding and subject of the view, for as long as the view lives. */
export function createRbacIndex(view: Pick<ObjectView, 'get' | 'list' | 'watch'>): RbacIndex {
  /** By namespace and subject, by name of the binding. */
  const held = new Map<string, Map<string, { binding: Binding; subject: Subject }>>();

  const entriesOf = (binding: Binding): readonly (readonly [string, Subject])[] =>
    binding.subjects.flatMap((subject) => {
      const key = keyOfSubject(subject, binding.namespace);
      return key === undefined ? [] : [[placeKey(binding.namespace, key), subject] as const];
    });

  const forget = (binding: Binding): void => {
    for (const [key] of entriesOf(binding)) {
      const bindings = held.get(key);
      bindings?.delete(binding.name);
      if (bindings?.size === 0) held.delete(key);
    }
  };

  const learn = (binding: Binding): void => {
    for (const [key, subject] of entriesOf(binding)) {
      const bindings = held.get(key) ?? new Map<string, { binding: Binding; subject: Subject }>();
      held.set(key, bindings);
      bindings.set(binding.name, { binding, subject });
    }
  };

  for (const kind of ['RoleBinding', 'ClusterRoleBinding'] as const) {
    for (const object of view.list(kind)) learn(bindingOf(kind, object));
  }
  view.watch(['RoleBinding', 'ClusterRoleBinding'], ({ kind, object, previous }) => {
    if (previous !== undefined) forget(bindingOf(kind, previous));
    if (object !== undefined) learn(bindingOf(kind, object));
  });

  /** Rules of roles that were asked for, until these change; one entry for each role at most. */
  const known = new Map<string, readonly PolicyRule[]>();
  view.watch(['Role', 'ClusterRole'], ({ kind, key }) => {
    known.delete(roleKey(kind, key.namespace, key.name));
  });

  const rulesOf: RbacIndex['rulesOf'] = ({ kind, name }, namespace) => {
    const place = kind === 'ClusterRole' ? '' : namespace;
    const key = roleKey(kind, place, name);
    const found = known.get(key) ?? rules(view.get(kind as 'ClusterRole' | 'Role', place, name));
    if (found !== undefined) known.set(key, found);
    return found;
  };

  return {
    rolesOf: function* (user, namespace) {
      const places = namespace === '' ? [''] : ['', namespace];
      for (const place of places) {
        for (const key of keysOfUser(user)) {
          for (const { binding, subject } of held.get(placeKey(place, key))?.values() ?? []) {
            const found = rulesOf(binding.roleRef, binding.namespace);
            if (found !== undefined)
              yield { rules: found, because: () => because(binding, subject) };
          }
        }
      }
    },
    rulesOf,
  };
}

const rules = (
  role: { readonly rules?: readonly PolicyRule[] } | undefined,
): readonly PolicyRule[] | undefined => (role === undefined ? undefined : (role.rules ?? []));

function bindingOf(kind: KindName, object: KubernetesObject): Binding {
  const { metadata, roleRef, subjects } = object as KubernetesObject & {
    readonly roleRef: RoleRef;
    readonly subjects?: readonly Subject[];
  };
  const { name = '', namespace = '' } = metadata ?? {};
  return { kind, name, namespace, roleRef, subjects: subjects ?? [] };
}
