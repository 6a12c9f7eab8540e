// Judges what a watcher was told, over all the replicas it was told by, against what truly happened.
//
//   began --events, progress--> ... --ended--> began again (resumed after what it knew, or listed anew) ...

import assert from 'node:assert/strict';
import type { KeyValue, Revision, Watcher, WatchEvent } from '../../consensus/index.ts';

/** Everything that was committed, from the empty store on: one element for each revision, in order. */
export interface TrueChange {
  readonly revision: Revision;
  readonly events: readonly WatchEvent[];
}

export interface TrueHistory {
  readonly newest: () => Revision;
  /** Revisions after `after` up to `upTo` that touch a key in [from, end), with what they did there. */
  readonly between: (range: KeyRange, after: Revision, upTo: Revision) => readonly TrueChange[];
}

export interface KeyRange {
  readonly from: string;
  readonly end: string;
}

/** One thing a watcher did or heard; `committed` is the newest revision that had been committed by then, when known. */
export type Heard =
  /** `listed`: it read everything at `after` and knows all before; else it goes on from what it was told. */
  | { readonly type: 'began'; readonly after: Revision; readonly how: 'listed' | 'resumed' }
  | {
      readonly type: 'events';
      readonly revision: Revision;
      readonly events: readonly WatchEvent[];
      readonly committed?: Revision;
    }
  | { readonly type: 'progress'; readonly revision: Revision; readonly committed?: Revision }
  /** `compacted`: the oldest revision that the replica still kept, when known. */
  | {
      readonly type: 'ended';
      readonly reason: 'compacted' | 'stopped';
      readonly compacted?: Revision;
    };

export type WatchFaultKind =
  | 'out of order'
  | 'repeat'
  | 'gap'
  | 'torn revision'
  | 'from the future'
  | 'resumed wrongly'
  | 'false progress'
  | 'wrong event'
  | 'wrong previous value'
  | 'outside of the range'
  | 'falsely compacted'
  | 'told after its end';

export interface WatchFault {
  readonly kind: WatchFaultKind;
  readonly sentence: string;
}

/** `before` is what was there before the first change. What was before each event follows from the changes themselves, not from what some replica says was before. */
export function createTrueHistory(
  changes: readonly TrueChange[],
  before: readonly KeyValue[] = [],
): TrueHistory {
  const alive = new Map<string, KeyValue>(before.map((kv) => [kv.key, kv]));
  const began = Math.max(1, ...before.map(({ modRevision }) => modRevision));
  let newest: Revision = changes[0] === undefined ? began : changes[0].revision - 1;
  const known = changes.map(({ revision, events }): TrueChange => {
    assert.equal(revision, newest + 1, 'the true history has every revision, in order');
    newest = revision;
    const before = new Map(alive);
    for (const { type, kv } of events) {
      if (type === 'put') alive.set(kv.key, kv);
      else alive.delete(kv.key);
    }
    return { revision, events: events.map((event) => withPrevious(event, before)) };
  });
  const first = newest - known.length + 1;
  return {
    newest: () => newest,
    between: (range, after, upTo) =>
      known
        .slice(Math.max(0, after + 1 - first), Math.max(0, upTo + 1 - first))
        .map(({ revision, events }) => ({
          revision,
          events: events.filter(({ kv }) => isIn(range, kv.key)),
        }))
        .filter(({ events }) => events.length > 0),
  };
}

function withPrevious({ type, kv }: WatchEvent, before: Map<string, KeyValue>): WatchEvent {
  const previous = before.get(kv.key);
  return previous === undefined ? { type, kv } : { type, kv, previous };
}

const isIn = ({ from, end }: KeyRange, key: string): boolean => key >= from && key < end;

/** Where a watcher is between two things it heard. */
interface Position {
  isOpen: boolean;
  /** Where this watch began. */
  after: Revision;
  /** All up to here has been told or listed; 0 before the first watch. */
  told: Revision;
  /** The last progress of this watch; 0 for none. */
  progress: Revision;
  readonly seen: Set<Revision>;
}

export interface WatchRecord {
  readonly range: KeyRange;
  readonly heard: readonly Heard[];
  /** The watch was still open and had all the time it needed to be told of everything up to here. */
  readonly completeUpTo?: Revision;
}

/** Everything that is wrong with what a watcher heard; empty when nothing is. */
export function checkWatch(history: TrueHistory, record: WatchRecord): readonly WatchFault[] {
  const faults: WatchFault[] = [];
  const say = (kind: WatchFaultKind, sentence: string): void =>
    void faults.push({ kind, sentence: `${kind}: ${sentence}` });
  const at: Position = { isOpen: false, after: 0, told: 0, progress: 0, seen: new Set() };
  for (const each of record.heard) {
    switch (each.type) {
      case 'began':
        judgeBegin(at, each, say);
        break;
      case 'events':
        judgeEvents(history, record.range, at, each, say);
        break;
      case 'progress':
        judgeProgress(history, record.range, at, each, say);
        break;
      case 'ended':
        if (
          each.reason === 'compacted' &&
          each.compacted !== undefined &&
          at.told >= each.compacted
        ) {
          say(
            'falsely compacted',
            `it had been told all up to ${at.told}, the replica kept all from ${each.compacted} on`,
          );
        }
        at.isOpen = false;
        break;
    }
  }
  if (record.completeUpTo !== undefined) {
    const missing = history.between(record.range, at.told, record.completeUpTo);
    if (missing.length > 0) say('gap', `it was never told of ${numbers(missing)}`);
  }
  return faults;
}

type Say = (kind: WatchFaultKind, sentence: string) => void;

function judgeBegin(at: Position, { after, how }: Extract<Heard, { type: 'began' }>, say: Say) {
  if (how === 'resumed' && after > at.told) {
    say('resumed wrongly', `after ${after}, though it had been told all up to ${at.told} only`);
  }
  Object.assign(at, { isOpen: true, after, told: after, progress: 0 });
  at.seen.clear();
}

function judgeEvents(
  history: TrueHistory,
  range: KeyRange,
  at: Position,
  { revision, events, committed = history.newest() }: Extract<Heard, { type: 'events' }>,
  say: Say,
): void {
  if (!at.isOpen) say('told after its end', `events of ${revision}`);
  if (revision > Math.min(committed, history.newest())) {
    say('from the future', `events of ${revision}, when ${committed} was the newest committed`);
    return;
  }
  if (at.seen.has(revision)) say('repeat', `revision ${revision} was told before`);
  else if (revision <= at.after) {
    say('resumed wrongly', `told of ${revision}, though it began after ${at.after}`);
  } else if (revision <= at.progress) {
    say('false progress', `told of ${revision} after progress ${at.progress}`);
  } else if (revision < at.told) say('out of order', `revision ${revision} after ${at.told}`);
  else {
    const missing = history.between(range, at.told, revision - 1);
    if (missing.length > 0) say('gap', `${numbers(missing)} before ${revision}`);
  }
  judgeRevision(history, range, revision, events, say);
  at.seen.add(revision);
  at.told = Math.max(at.told, revision);
}

function judgeProgress(
  history: TrueHistory,
  range: KeyRange,
  at: Position,
  { revision, committed = history.newest() }: Extract<Heard, { type: 'progress' }>,
  say: Say,
): void {
  if (!at.isOpen) say('told after its end', `progress ${revision}`);
  if (revision > Math.min(committed, history.newest())) {
    say('from the future', `progress ${revision}, when ${committed} was the newest committed`);
    return;
  }
  if (revision < at.told) say('false progress', `${revision} after ${at.told}`);
  const missing = history.between(range, at.told, revision);
  if (missing.length > 0) say('false progress', `${revision} without ${numbers(missing)}`);
  at.progress = Math.max(at.progress, revision);
  at.told = Math.max(at.told, revision);
}

/** Whether the events are all that the revision did in the range, and true. */
function judgeRevision(
  history: TrueHistory,
  range: KeyRange,
  revision: Revision,
  events: readonly WatchEvent[],
  say: Say,
): void {
  const truth = history.between(range, revision - 1, revision)[0]?.events ?? [];
  const byKey = new Map(truth.map((event) => [event.kv.key, event]));
  const inside = events.filter(({ kv }) => isIn(range, kv.key));
  if (inside.length < events.length) {
    const outside = events.filter((event) => !inside.includes(event));
    say('outside of the range', `${keysOf(outside)} at ${revision}`);
  }
  for (const event of inside) {
    const expected = byKey.get(event.kv.key);
    if (expected === undefined) {
      say('wrong event', `${revision} did not touch ${event.kv.key}`);
      continue;
    }
    if (!isSame([event.type, event.kv], [expected.type, expected.kv])) {
      say('wrong event', `${text(event)} at ${revision}, it was ${text(expected)}`);
    }
    if (!isSame(event.previous, expected.previous)) {
      say(
        'wrong previous value',
        `of ${event.kv.key} at ${revision}: ${JSON.stringify(event.previous)}, it was ` +
          JSON.stringify(expected.previous),
      );
    }
  }
  const told = new Set(inside.map(({ kv }) => kv.key));
  const left = truth.filter(({ kv }) => !told.has(kv.key));
  if (left.length > 0) say('torn revision', `${revision} came without ${keysOf(left)}`);
  else if (told.size < inside.length) say('repeat', `a key twice in revision ${revision}`);
  else if (keysOf(inside) !== keysOf(truth) && told.size === truth.length) {
    say('out of order', `${keysOf(inside)} in ${revision}, it was ${keysOf(truth)}`);
  }
}

const numbers = (changes: readonly TrueChange[]): string =>
  changes.map(({ revision }) => revision).join(', ');
const keysOf = (events: readonly WatchEvent[]): string => events.map(({ kv }) => kv.key).join(', ');
const text = ({ type, kv }: WatchEvent): string => `${type} ${JSON.stringify(kv)}`;

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

export interface WatchRecorder {
  readonly heard: Heard[];
  /** Where a resumed watch should go on: all up to here has been told. */
  readonly told: () => Revision;
  /** A watcher for one watch, to be given to a store right after. What comes once a later one began is not recorded. */
  readonly begin: (after: Revision, how: 'listed' | 'resumed') => Watcher;
}

/** Writes down what a watcher hears. `committed` and `compacted` say what is true at that moment, when it can be known. */
export function createWatchRecorder(
  known: {
    readonly committed?: () => Revision | undefined;
    readonly compacted?: () => Revision | undefined;
    readonly ended?: (reason: 'compacted' | 'stopped') => void;
  } = {},
): WatchRecorder {
  const heard: Heard[] = [];
  let told: Revision = 0;
  let watch = 0;
  const committed = (): { committed?: Revision } => {
    const newest = known.committed?.();
    return newest === undefined ? {} : { committed: newest };
  };
  return {
    heard,
    told: () => told,
    begin: (after, how) => {
      watch += 1;
      const mine = watch;
      heard.push({ type: 'began', after, how });
      told = after;
      const note = (each: Heard): void => {
        if (mine === watch) heard.push(each);
      };
      return {
        events: (revision, events) => {
          note({ type: 'events', revision, events, ...committed() });
          if (mine === watch) told = Math.max(told, revision);
        },
        progress: (revision) => {
          note({ type: 'progress', revision, ...committed() });
          if (mine === watch) told = Math.max(told, revision);
        },
        ended: (reason) => {
          const compacted = known.compacted?.();
          note({ type: 'ended', reason, ...(compacted === undefined ? {} : { compacted }) });
          if (mine === watch) known.ended?.(reason);
        },
      };
    },
  };
}
