// What every namespace has: created where it is missing, unless the namespace ends.

import { randomUuid } from '../../../runtime/index.ts';
import type { Moment, Plan } from '../../duties/controller.ts';
import { NO_PLAN } from '../../duties/controller.ts';
import type { ObjectTypes } from '../../objects/kinds.ts';
import { storeKey } from '../../objects/object-keys.ts';
import type { ObjectView } from '../../objects/objects.ts';
import { prepareCreate } from '../../objects/write-preparation.ts';

/** The plan that creates `given`; nothing while the namespace ends or is not there. */
export function contentPlan<K extends 'ConfigMap' | 'ServiceAccount'>(
  view: ObjectView,
  kind: K,
  given: ObjectTypes[K],
  namespaceName: string,
  moment: Moment,
): Plan {
  const namespace = view.get('Namespace', '', namespaceName);
  if (namespace === undefined || namespace.metadata?.deletionTimestamp !== undefined) {
    return NO_PLAN;
  }
  const made = { nowMs: moment.nowMs, uid: randomUuid(moment.random) };
  const prepared = prepareCreate(kind, given, made);
  if (!prepared.ok) throw new Error(`what each namespace has is not valid: ${prepared.message}`);
  const key = storeKey({ kind: 'Namespace', namespace: '', name: namespaceName });
  const to = Number(namespace.metadata?.resourceVersion);
  return {
    writes: [{ type: 'create', kind, object: prepared.object }],
    also: { compare: [{ target: 'mod', key, is: '=', to }], success: [] },
  };
}
