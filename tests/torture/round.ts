// One round: clients at work, a storm, all made whole, and then every peer is asked what it holds.

import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { createSeededRandom } from '../../runtime/index.ts';
import { startClients } from './clients.ts';
import type { Counts, Seen } from './clients.ts';
import { judge } from './judge.ts';
import type { Held } from './judge.ts';
import { planRound } from './plan.ts';
import type { BlowKind } from './plan.ts';
import { startStorm } from './storm.ts';
import { peerCount } from './zone.ts';
import type { Peer, Zone } from './zone.ts';

/** Within this after a storm every peer takes writes and gives fresh reads. */
const healLimitMs = 30_000;
/** Clients work so long before the first blow, and after the last. */
const calmMs = 300;
const pollMs = 50;

export interface RoundReport {
  readonly seed: string;
  readonly blows: readonly string[];
  readonly counts: Counts;
  /** From the end of the storm until every peer was whole. */
  readonly healMs: number;
  readonly tookMs: number;
  readonly wrongs: readonly string[];
}

export interface RoundOptions {
  readonly zone: Zone;
  readonly seed: string;
  readonly kinds: readonly BlowKind[];
  /** Peers that ended by themselves since it was last asked. */
  readonly fallen: () => readonly { readonly peer: number; readonly how: string }[];
  readonly interrupted: AbortSignal;
}

export async function playRound(options: RoundOptions): Promise<RoundReport> {
  const { zone, seed, interrupted } = options;
  const startMs = performance.now();
  const random = createSeededRandom(seed);
  const space = `round-${seed}`;
  const doors = zone.peers.map(({ door }) => door);
  await doors[0]!.makeSpace(space);
  const clients = await startClients(doors, space, random.fork('clients'));
  const { storm, over } = startStorm(
    zone,
    planRound(random.fork('plan'), options.kinds, peerCount),
    interrupted,
  );
  const calm = (): Promise<unknown> => delay(calmMs, undefined, { signal: interrupted });
  const weather = over.then(async () => {
    const overMs = performance.now();
    await untilWhole(zone, space, interrupted);
    const healMs = performance.now() - overMs;
    await calm();
    return healMs;
  });
  let healMs: number;
  let seen: Seen;
  try {
    healMs = await weather;
  } finally {
    seen = await clients.stop();
  }
  const fallen = options.fallen();
  const wrongs = [
    ...storm.wrongs,
    ...fallen.map(({ peer, how }) => `${zone.peers[peer]!.name} ${how}, unasked`),
    ...judge(seen, await askAll(zone.peers, space)),
  ];
  return {
    seed,
    blows: storm.told,
    counts: seen.counts,
    healMs: Math.round(healMs),
    tookMs: Math.round(performance.now() - startMs),
    wrongs,
  };
}

export const askAll = (peers: readonly Peer[], space: string): Promise<readonly Held[]> =>
  Promise.all(peers.map(async ({ name, door }) => ({ peer: name, texts: await door.list(space) })));

/** Until each peer is there, takes a write and gives a fresh read. Rejects with the last trouble. */
async function untilWhole({ peers }: Zone, space: string, interrupted: AbortSignal): Promise<void> {
  const limitMs = performance.now() + healLimitMs;
  const become = async (peer: Peer): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      const trouble = await troubleOf(peer, space, `${space}-${peer.name}-${attempt}`);
      if (trouble === undefined) return;
      if (performance.now() > limitMs) {
        throw new Error(`${healLimitMs} ms after the storm ${peer.name} is not well: ${trouble}`);
      }
      await delay(pollMs, undefined, { signal: interrupted });
    }
  };
  await Promise.all(peers.map(become));
}

/** One that is absent is started: it was killed, and its disk was full or another blow hit it when it came back. */
async function troubleOf(
  { door, isUp, revive }: Peer,
  space: string,
  fresh: string,
): Promise<string | undefined> {
  if (!isUp()) {
    const refusal = await revive().catch((error: Error) => error);
    if (refusal instanceof Error) return refusal.message;
  }
  const outcome = await door.create('default', fresh, fresh);
  if (outcome.type !== 'done') return outcome.why;
  return door.list(space).then(
    () => undefined,
    (error: Error) => error.message,
  );
}
