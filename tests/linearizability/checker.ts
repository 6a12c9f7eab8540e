// Is there an order in which a sequential object gives these answers, and which no clock contradicts?
//
// The search of Wing and Gong with Lowe's memory of configurations, each key apart. Observations that keep it small:
//   - Who never returns need never be put in order: the search ends when all that returned are.
//   - A read that fits may as well come at once: nothing else is tried.
//   - An operation of unknown outcome need not come before one that makes the same of the state without it.
//   - Of unknown operations that ask the same, the one invoked first can stand for any of them.
//
//   step:  next candidate -> lift it out -> new configuration? -> its candidates, and so on
//   stuck: no candidate left -> put the last one back, go on with the one after it

import type { Operation } from './history.ts';
import type { Model } from './model.ts';
import { createPendingList } from './pending-list.ts';
import type { Entry, PendingList } from './pending-list.ts';
import { createVisited } from './visited.ts';
import type { Visited } from './visited.ts';

/** Configurations remembered for one key; some 300 bytes each at a thousand operations. */
const defaultLimit = 500_000;

export type Verdict<I, O> =
  | { readonly type: 'linearizable' }
  | {
      readonly type: 'not-linearizable';
      readonly key: string;
      /** The order found that holds most of those that returned. */
      readonly order: readonly Operation<I, O>[];
      /** The operation that could not return after it. */
      readonly stuck: Operation<I, O>;
    }
  /** More configurations than the limit. */
  | { readonly type: 'undecided'; readonly key: string };

export interface CheckLimits {
  /** Configurations remembered for one key; default 500,000. */
  readonly configurations?: number;
}

/** Judges a history, key by key; the first key that is not linearizable decides. */
export function checkHistory<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
  limits: CheckLimits = {},
): Verdict<I, O> {
  const byKey = new Map<string, Operation<I, O>[]>();
  for (const operation of history) {
    const key = model.keyOf?.(operation.input) ?? '';
    const operations = byKey.get(key);
    if (operations === undefined) byKey.set(key, [operation]);
    else operations.push(operation);
  }
  let undecided: Verdict<I, O> | undefined;
  for (const [key, operations] of byKey) {
    const verdict = checkKey(model, key, operations, limits.configurations ?? defaultLimit);
    if (verdict.type === 'not-linearizable') return verdict;
    if (verdict.type === 'undecided') undecided = verdict;
  }
  return undecided ?? { type: 'linearizable' };
}

/** An operation that may come next, and the state after it. */
interface Candidate<S, I, O> {
  readonly entry: Entry<I, O>;
  readonly state: S;
}

/** A configuration on the way, and what is still to be tried from it. */
interface Frame<S, I, O> {
  /** Undefined where the search begins. */
  readonly reachedBy: Entry<I, O> | undefined;
  readonly state: S;
  /** How many that returned are in order. */
  readonly returned: number;
  readonly candidates: readonly Candidate<S, I, O>[];
  tried: number;
}

interface Search<S, I, O> {
  readonly model: Model<S, I, O>;
  readonly pending: PendingList<I, O>;
  readonly visited: Visited<S>;
  /** For each unknown operation the one before it that asks the same. */
  readonly twins: readonly (number | undefined)[];
}

function checkKey<S, I, O>(
  model: Model<S, I, O>,
  key: string,
  operations: readonly Operation<I, O>[],
  limit: number,
): Verdict<I, O> {
  const search = createSearch(model, operations);
  const { visited, pending } = search;
  const frames: Frame<S, I, O>[] = [];
  let longest: Longest<I, O> | undefined;

  const enter = (reachedBy: Entry<I, O> | undefined, state: S): 'done' | 'entered' => {
    const blocking = firstReturn(pending);
    const isUnknown = reachedBy !== undefined && reachedBy.end === undefined;
    const from = frames.at(-1);
    if (blocking === undefined) return 'done';
    const candidates = candidatesOf(search, state, isUnknown ? from : undefined);
    const returned = from === undefined ? 0 : from.returned + (isUnknown ? 0 : 1);
    frames.push({ reachedBy, state, returned, candidates, tried: 0 });
    if (longest === undefined || returned > longest.returned) {
      const order = frames.flatMap((frame) => frame.reachedBy?.operation ?? []);
      longest = { returned, order, stuck: blocking.operation };
    }
    return 'entered';
  };

  if (enter(undefined, model.initial) === 'done') return { type: 'linearizable' };
  for (;;) {
    const frame = frames.at(-1)!;
    const candidate = frame.candidates[frame.tried++];
    if (candidate === undefined) {
      frames.pop();
      if (frame.reachedBy === undefined) return notLinearizable(key, longest!);
      putBack(search, frame.reachedBy);
      continue;
    }
    if (visited.size() >= limit) return { type: 'undecided', key };
    lift(search, candidate.entry);
    if (!visited.enter(candidate.state)) putBack(search, candidate.entry);
    else if (enter(candidate.entry, candidate.state) === 'done') return { type: 'linearizable' };
  }
}

interface Longest<I, O> {
  readonly returned: number;
  readonly order: readonly Operation<I, O>[];
  readonly stuck: Operation<I, O>;
}

const notLinearizable = <I, O>(key: string, { order, stuck }: Longest<I, O>): Verdict<I, O> => ({
  type: 'not-linearizable',
  key,
  order,
  stuck,
});

function createSearch<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
): Search<S, I, O> {
  const inOrder = [...operations].sort((a, b) => a.invokedAt - b.invokedAt);
  const unknown = inOrder.filter(({ returned }) => returned === undefined);
  const latest = new Map<string, number>();
  const twins = unknown.map(({ input }, at) => {
    const request = JSON.stringify(input);
    const twin = latest.get(request);
    latest.set(request, at);
    return twin;
  });
  return {
    model,
    pending: createPendingList(inOrder),
    visited: createVisited(model, inOrder.length - unknown.length, unknown.length),
    twins,
  };
}

function firstReturn<I, O>(pending: PendingList<I, O>): Entry<I, O> | undefined {
  let entry = pending.first();
  while (entry?.isInvoke === true) entry = entry.next;
  return entry;
}

/**
 * What may come next in `state`: operations invoked before the first return; those of unknown outcome last.
 * `before` is what an operation of unknown outcome was spent on, in vain unless the next one needs it.
 */
function candidatesOf<S, I, O>(
  search: Search<S, I, O>,
  state: S,
  before: Frame<S, I, O> | undefined,
): Candidate<S, I, O>[] {
  const { model, pending, twins, visited } = search;
  const leadsTo = (from: S, { input, returned }: Operation<I, O>, to: S): boolean => {
    const after = model.step(from, input, returned?.output);
    return after !== undefined && model.equals(after.state, to);
  };
  const known: Candidate<S, I, O>[] = [];
  const unknown: Candidate<S, I, O>[] = [];
  for (let entry = pending.first(); entry?.isInvoke === true; entry = entry.next) {
    const { input, returned } = entry.operation;
    if (returned === undefined) {
      const twin = twins[entry.at];
      if (twin !== undefined && !visited.isSpent(twin)) continue;
    }
    const after = model.step(state, input, returned?.output);
    if (after === undefined && isOutOfReach(search, state, entry)) return [];
    if (after === undefined) continue;
    if (before !== undefined && leadsTo(before.state, entry.operation, after.state)) continue;
    const candidate = { entry, state: after.state };
    if (returned === undefined) {
      if (!model.equals(after.state, state)) unknown.push(candidate);
    } else if (model.isRead(input, returned.output)) {
      return [candidate];
    } else {
      known.push(candidate);
    }
  }
  known.sort((a, b) => a.entry.end!.time - b.entry.end!.time);
  return [...known, ...unknown];
}

/** Whether nothing that may come before this operation can make it fit. */
function isOutOfReach<S, I, O>(
  { model, pending }: Search<S, I, O>,
  state: S,
  { operation, end }: Entry<I, O>,
): boolean {
  if (model.isOutOfReach === undefined || end === undefined) return false;
  const others: I[] = [];
  for (let entry = pending.first(); entry !== end && entry !== undefined; entry = entry.next) {
    if (entry.isInvoke && entry.operation !== operation) others.push(entry.operation.input);
  }
  return model.isOutOfReach(state, operation.input, operation.returned!.output, others);
}

function lift<S, I, O>({ pending, visited }: Search<S, I, O>, entry: Entry<I, O>): void {
  pending.lift(entry);
  if (entry.end === undefined) visited.addSpent(entry.at);
  else visited.addDone(entry.at);
}

function putBack<S, I, O>({ pending, visited }: Search<S, I, O>, entry: Entry<I, O>): void {
  pending.putBack(entry);
  if (entry.end === undefined) visited.removeSpent(entry.at);
  else visited.removeDone(entry.at);
}
