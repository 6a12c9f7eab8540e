// Changes an object that is there: look, decide, write if nothing changed meanwhile, else again.

import type { Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import { allocationKey, releaseTransaction } from '../../objects/allocation.ts';
import type { KubernetesObject, KindName, ObjectTypes } from '../../objects/kinds.ts';
import { sameValue } from '../../objects/field-rules.ts';
import type { Exchange } from '../exchange.ts';
import { namesOf } from '../exchange.ts';
import { lookUp } from '../reads/get.ts';
import { isDryRun } from '../request/parameters.ts';
import { conflict, notFound } from '../status.ts';
import type { Also } from './commit.ts';
import { catchUp, commit, MAX_ATTEMPTS } from './commit.ts';
import { isFinished } from './deletion.ts';
import { addressChanges, addressRelease } from './service-writes.ts';

/** Decides the next state. May throw a StatusError. */
export type Decide = (old: KubernetesObject) => KubernetesObject;

export interface Changed {
  readonly object: KubernetesObject;
  /** True when the change was the last thing that kept the object: it is gone. */
  readonly removed: boolean;
}

export interface ChangeOptions {
  /** Whether to decide again when somebody else wrote in between. */
  readonly retries: boolean;
  /** Nothing is written; default what the query says. */
  readonly dryRun?: boolean;
}

/** The object with the revision of its newest write. */
export const at = (object: KubernetesObject, revision: number): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
});

const typed = (object: KubernetesObject): ObjectTypes[KindName] => object as ObjectTypes[KindName];

/** Whether a write shall only be tried, by its query. */
export const dryRunOf = ({ request }: Exchange): boolean =>
  isDryRun(request.query.getAll('dryRun'));

/** What an object gives back in the transaction that removes it: a Service its addresses, a pod its room. */
function released(exchange: Exchange, old: KubernetesObject): Also | undefined {
  const { kind } = exchange.definition.names;
  if (kind === 'Service') return addressRelease(exchange, old as Service);
  if (kind !== 'Pod') return undefined;
  const pod = old as Pod;
  const record = exchange.gateway.store.view.get(allocationKey(pod.spec?.nodeName ?? ''));
  return releaseTransaction({ pod, record }).also;
}

/** Writes one decision. Undefined when somebody else was faster. */
async function writeChange(
  exchange: Exchange,
  old: KubernetesObject,
  decided: KubernetesObject,
  dryRun: boolean,
): Promise<Changed | undefined> {
  const { kind } = exchange.definition.names;
  const removed = isFinished(kind, decided);
  const changes =
    kind === 'Service' && !removed
      ? addressChanges(exchange, decided as Service, old as Service)
      : { object: decided, also: removed ? released(exchange, old) : undefined };
  const next = changes.object;
  if (dryRun) return { object: next, removed };
  if (removed) {
    const write = { type: 'delete', kind, object: typed(old) } as const;
    const revision = await commit(exchange, [write], changes.also);
    return revision === undefined ? undefined : { object: at(next, revision), removed };
  }
  const object = typed({
    ...next,
    metadata: { ...next.metadata, resourceVersion: old.metadata?.resourceVersion ?? '' },
  });
  const revision = await commit(exchange, [{ type: 'update', kind, object }], changes.also);
  return revision === undefined ? undefined : { object: at(next, revision), removed };
}

/** The object as known here, or, once that was not good enough, as the zone knows it. Throws 404. */
async function look(exchange: Exchange, caughtUp: number | undefined): Promise<KubernetesObject> {
  const { route, definition } = exchange;
  const { kind } = definition.names;
  const found = lookUp(exchange, kind, route.namespace, route.name, caughtUp ?? 0);
  if (found !== undefined) return found;
  if (caughtUp === undefined) return look(exchange, await catchUp(exchange));
  throw notFound(namesOf(exchange), route.name);
}

const unchanged = (old: KubernetesObject, next: KubernetesObject): boolean =>
  sameValue(
    { ...old, metadata: { ...old.metadata, resourceVersion: '' } },
    { ...next, metadata: { ...next.metadata, resourceVersion: '' } },
  );

/**
 * Looks, decides and writes until one decision holds. What is known here may be old, so a refusal or a
 * decision to change nothing only counts once this peer has caught up. Throws 404, 409, 503 and what `decide` throws.
 */
export async function change(
  exchange: Exchange,
  decide: Decide,
  { retries, dryRun = dryRunOf(exchange) }: ChangeOptions,
): Promise<Changed> {
  let caughtUp: number | undefined;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const old = await look(exchange, caughtUp);
    let next: KubernetesObject;
    try {
      next = decide(old);
    } catch (error) {
      if (caughtUp !== undefined) throw error;
      caughtUp = await catchUp(exchange);
      continue;
    }
    if (unchanged(old, next) && !isFinished(exchange.definition.names.kind, next)) {
      if (caughtUp !== undefined) return { object: old, removed: false };
      caughtUp = await catchUp(exchange);
      continue;
    }
    const changed = await writeChange(exchange, old, next, dryRun);
    if (changed !== undefined) return changed;
    if (!retries) break;
    caughtUp = await catchUp(exchange);
  }
  throw conflict(namesOf(exchange), exchange.route.name);
}
