// Asks both stores the same, step by step, and holds every answer of one against the other's.

import assert from 'node:assert/strict';
import type { Compare, Operation, Revision, Transaction } from '../../../consensus/index.ts';
import type { Contestant, Watched } from './contestant.ts';
import { lastKey } from './steps.ts';
import type { Step } from './steps.ts';

/** How long etcd may take to tell a watch what happened. */
const tellLimitMs = 5_000;
const lookAgainMs = 5;

export interface Duel {
  readonly etcd: Contestant;
  readonly skein: Contestant & { readonly restart?: () => void };
  /** Both stores' id of the lease with this number. */
  readonly leaseId: (lease: number) => number;
  /** Both stores keep all from here on. */
  readonly compacted: Revision;
}

interface WatchPair {
  readonly from: string;
  readonly end: string;
  readonly etcd: Watched;
  readonly skein: Watched;
}

/** Answers compared so far. */
export interface Score {
  answers: number;
  events: number;
}

/** Throws at the first answer that differs. */
export async function play(duel: Duel, steps: readonly Step[], score: Score): Promise<void> {
  const watches: WatchPair[] = [];
  let { compacted } = duel;

  /** The same question to both. */
  const both = async <T>(ask: (of: Contestant) => Promise<T>, step: unknown): Promise<T> => {
    const [skein, etcd] = [await ask(duel.skein), await ask(duel.etcd)];
    score.answers += 1;
    assert.deepEqual(
      skein,
      etcd,
      `answers to ${JSON.stringify(step)} differ: Skein's, then etcd's`,
    );
    return skein;
  };

  /** A write that every watch hears, so that nothing it was to hear before is still on its way. */
  const mark = async (): Promise<void> => {
    const open = watches.filter(({ skein }) => !skein.isCompacted);
    const keys = new Set(open.map(({ from }) => from));
    if (keys.size > 0) {
      const success = [...keys].map((key): Operation => ({ type: 'put', key, value: 'mark' }));
      await both((store) => store.transact({ compare: [], success }), 'mark');
    }
    for (const watch of watches) {
      await settle(watch);
      const where = `a watch of [${watch.from}, ${watch.end})`;
      assert.deepEqual(watch.skein, watch.etcd, `${where} heard otherwise: Skein's, then etcd's`);
    }
  };

  for (const step of steps) {
    const newest = await duel.skein.revision();
    // Below 1 etcd reads the newest: see the table of differences.
    const at = (back: number): Revision => Math.max(1, newest - back);
    switch (step.type) {
      case 'transact': {
        const transaction = resolve(step.transaction, at, duel.leaseId);
        await both((store) => store.transact(transaction), transaction);
        break;
      }
      case 'range': {
        const { from, end, limit, reverse, back } = step;
        const options = { revision: at(back), limit, reverse };
        await both((store) => store.range(from, end, options), { ...step, ...options });
        break;
      }
      case 'count':
        await both((store) => store.count(step.from, step.end, at(step.back)), step);
        break;
      case 'grant':
        await both((store) => store.grant(duel.leaseId(step.lease)), step);
        break;
      case 'revoke':
        await both((store) => store.revoke(duel.leaseId(step.lease)), step);
        break;
      case 'compact': {
        // etcd would end a watch that has not caught up yet.
        await mark();
        const done = await both((store) => store.compact(at(step.back)), step);
        if (done === 'compacted') compacted = at(step.back);
        break;
      }
      case 'watch': {
        // An empty range etcd refuses to watch.
        const [from, end] = ordered(step.from, step.end);
        // Of the compacted revision itself etcd tells what is left, Skein nothing: see the table of differences.
        const after = at(step.back) === compacted - 1 ? compacted - 2 : at(step.back);
        const [skein, etcd] = [
          await duel.skein.watch(from, end, after),
          await duel.etcd.watch(from, end, after),
        ];
        watches.push({ from, end, skein, etcd });
        break;
      }
      case 'restart':
        duel.skein.restart?.();
        break;
    }
  }
  await mark();
  for (const { skein } of watches) score.events += skein.heard.length;
  const newest = await duel.skein.revision();
  const revisions = Array.from({ length: newest - compacted + 1 }, (_, at) => compacted + at);
  await Promise.all(
    revisions.map((revision) =>
      both((store) => store.range('a', lastKey(), { revision }), `all at ${revision}`),
    ),
  );
}

const ordered = (a: string, b: string): readonly [string, string] =>
  a === b ? [a, `${a}\0`] : a < b ? [a, b] : [b, a];

/** Until etcd has told as much as Skein, which tells at once; what differs then is for the caller to say. */
async function settle({ skein, etcd }: WatchPair): Promise<void> {
  const limit = Date.now() + tellLimitMs;
  const isThere = (): boolean =>
    etcd.isCompacted === skein.isCompacted &&
    (etcd.heard.length > skein.heard.length ||
      (etcd.heard.length === skein.heard.length &&
        (etcd.heard.at(-1)?.[1].length ?? 0) >= (skein.heard.at(-1)?.[1].length ?? 0)));
  while (!isThere() && Date.now() < limit) {
    await new Promise<void>((again) => setTimeout(again, lookAgainMs));
  }
}

/** Relative revisions and numbers of leases become those of now. */
function resolve(
  { compare, success, failure = [] }: Transaction,
  at: (back: number) => Revision,
  leaseId: (lease: number) => number,
): Transaction {
  const lease = (number: number): number => (number === 0 ? 0 : leaseId(number));
  const resolved = (each: Compare): Compare => {
    if (each.target === 'create' || each.target === 'mod') return { ...each, to: at(each.to) };
    return each.target === 'lease' ? { ...each, to: lease(each.to) } : each;
  };
  const operation = (each: Operation): Operation =>
    each.type === 'put' ? { ...each, lease: lease(each.lease ?? 0) } : each;
  return {
    compare: compare.map(resolved),
    success: success.map(operation),
    failure: failure.map(operation),
  };
}
