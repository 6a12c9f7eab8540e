// The containers that are added to a running pod to look into it: what they may be, and that they only ever come.

import type { EphemeralContainer, Pod } from 'kubernetes-types/core/v1.d.ts';
import { duplicate, forbidden, notFound } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { sameValue } from '../field-rules.ts';
import type { PartStrategy } from '../kind-definition.ts';
import { validateContainer } from './container-validation.ts';

type Errors = readonly FieldError[];

const PATH = 'spec.ephemeralContainers';

/** What makes no sense in a container that nobody restarts, probes or counts on. */
const NOT_FOR_THEM = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const;

const containersOf = (pod: Readonly<Pod>): readonly EphemeralContainer[] =>
  pod.spec?.ephemeralContainers ?? [];

/** A pod is made without them. */
export const refuseEphemeralContainers = (pod: Readonly<Pod>): Errors =>
  containersOf(pod).length === 0 ? [] : [forbidden(PATH, 'cannot be set on create')];

/** pods/ephemeralcontainers: the old pod, with the list as it is given. */
export const ephemeralContainersPart: PartStrategy<'Pod'> = {
  take: (given, old) => {
    const { ephemeralContainers } = given.spec ?? {};
    const { ephemeralContainers: _were, ...spec } = old.spec!;
    const list = ephemeralContainers === undefined ? {} : { ephemeralContainers };
    return { ...old, spec: { ...spec, ...list } };
  },
  validate: (next, old) => [...validateAll(next), ...validateKept(next, old)],
};

function validateAll(pod: Readonly<Pod>): Errors {
  const { containers = [], initContainers = [], volumes = [] } = pod.spec ?? {};
  const regular = new Set([...containers, ...initContainers].map(({ name }) => name));
  const volumeNames = new Set(volumes.map(({ name }) => name));
  const seen = new Set(regular);
  return containersOf(pod).flatMap((container, i) => {
    const path = `${PATH}[${i}]`;
    const { name, targetContainerName: target = '', ...rest } = container;
    const errors: FieldError[] = [
      ...validateContainer({ ...rest, name }, path, volumeNames),
      ...validateFields(container, path),
    ];
    if (seen.has(name)) errors.push(duplicate(`${path}.name`, name));
    seen.add(name);
    if (target !== '' && !regular.has(target)) {
      errors.push(notFound(`${path}.targetContainerName`, target));
    }
    return errors;
  });
}

function validateFields(container: Readonly<EphemeralContainer>, path: string): Errors {
  const detail = 'cannot be set for an Ephemeral Container';
  const fields = container as unknown as Readonly<Record<string, unknown>>;
  const set = NOT_FOR_THEM.filter((name) => !sameValue(fields[name], undefined));
  const mounts = container.volumeMounts ?? [];
  return [
    ...set.map((name) => forbidden(`${path}.${name}`, detail)),
    ...mounts.flatMap(({ subPath, subPathExpr }, i) =>
      Object.entries({ subPath, subPathExpr }).flatMap(([name, value]) =>
        (value ?? '') === '' ? [] : [forbidden(`${path}.volumeMounts[${i}].${name}`, detail)],
      ),
    ),
  ];
}

/** What is there stays, as it is. */
function validateKept(next: Readonly<Pod>, old: Readonly<Pod>): Errors {
  const now = new Map(containersOf(next).map((container) => [container.name, container]));
  return containersOf(old).flatMap((container) => {
    const { name } = container;
    const kept = now.get(name);
    const said = `existing ephemeral containers ${JSON.stringify(name)} may not be`;
    if (kept === undefined) return [forbidden(PATH, `${said} removed`)];
    return sameValue(kept, container) ? [] : [forbidden(PATH, `${said} changed`)];
  });
}
