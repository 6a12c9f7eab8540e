// The door to the log: one write, answered in time, with the refusals that a client can act on.

import type { Transaction } from '../../../consensus/index.ts';
import type { Result } from '../../../runtime/index.ts';
import { failed, SkeinError } from '../../../runtime/index.ts';
import type { ObjectWrite } from '../../objects/objects.ts';
import type { Exchange } from '../exchange.ts';
import { namesOf } from '../exchange.ts';
import { fromSkeinError, unavailable } from '../status.ts';

/** A client hears within this; 5 s are promised. */
const WRITE_MS = 4_800;

/** How long a write waits to learn what is newest. */
const BARRIER_MS = 2_000;

/** Rounds of decide and write before a contended object is left to the client. */
export const MAX_ATTEMPTS = 5;

/** What a transaction asks and does beside objects. */
export type Also = Pick<Transaction, 'compare' | 'success'>;

export const NOTHING_ELSE: Also = { compare: [], success: [] };

/**
 * Writes through the leader. Undefined when it was decided from an old state and may be decided again.
 * Throws a StatusError for everything else that keeps it from being done.
 */
export async function commit(
  exchange: Exchange,
  writes: readonly ObjectWrite[],
  also: Also = NOTHING_ELSE,
): Promise<number | undefined> {
  const { gateway, route } = exchange;
  const written = gateway.objects.write(writes, also);
  const outcome = await withDeadline(exchange, written);
  if (outcome.ok) return outcome.value.revision;
  const { code } = outcome.error;
  if (code === 'conflict' || (code === 'not-found' && writes[0]?.type !== 'create')) {
    return undefined;
  }
  const name = writes[0]?.object.metadata?.name ?? route.name;
  throw fromSkeinError(outcome.error, namesOf(exchange), name);
}

async function withDeadline<T>(exchange: Exchange, work: Promise<Result<T>>): Promise<Result<T>> {
  const { clock } = exchange.gateway;
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(WRITE_MS, () => {
      const words = `no quorum answered within ${WRITE_MS} ms: the write may or may not be done`;
      resolve(failed(new SkeinError('timeout', words)));
    });
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** Catches up with the zone, so that the next look is the newest. Throws 503: nothing was done. */
export async function catchUp({ gateway }: Exchange): Promise<number> {
  const barrier = await gateway.store.barrier(BARRIER_MS);
  if (barrier.ok) return barrier.value;
  throw unavailable(
    `this peer cannot reach a quorum of its zone, nothing was written: ${barrier.error.message}`,
  );
}
