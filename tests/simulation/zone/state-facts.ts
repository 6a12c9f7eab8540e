// What all replicas of a zone have applied: one history, the same at each, every write in it once.

import type { KeyValue, Revision } from '../../../consensus/index.ts';
import { crc32c } from '../../../consensus/log/crc32c.ts';
import type { Applied, StateMachine } from '../../../consensus/store/state-machine.ts';
import type { TrueChange } from '../../consensus/watch-checker.ts';
import type { Judge } from './judge.ts';

/** The whole state is compared at each such index; what each entry did, at all. */
const digestEvery = 16;
/** The zone's own records come and go; all other values are written once. */
const ownPrefix = '/skein/';

export interface StateFacts {
  /** What revision 2, 3, ... did, as whoever applied it first said. */
  readonly changes: readonly TrueChange[];
  readonly newest: () => Revision;
  /** The key as it was at that revision; undefined when it did not exist. */
  readonly at: (key: string, revision: Revision) => KeyValue | undefined;
  /** At which revision a value that is written once was written. */
  readonly writtenAt: (value: string) => Revision | undefined;
  /** This value was certainly never written, somebody was told. */
  readonly neverWritten: (value: string) => void;
  readonly applied: (peer: string, index: number, applied: Applied, machine: StateMachine) => void;
  /** A replica's state is a snapshot's at `index`, or becomes one. */
  readonly snapshotAt: (peer: string, index: number, machine: StateMachine) => void;
  /** What there was before the first change: nothing, or what a recovery began with. */
  readonly beginning: () => readonly KeyValue[];
  readonly digest: () => string;
}

export function createStateFacts(
  judge: Judge,
  onFirst: (index: number, applied: Applied) => void,
  begins: 'empty' | 'with the first state seen' = 'empty',
): StateFacts {
  const fingerprints = new Map<number, number>();
  const digests = new Map<number, string>();
  const changes: TrueChange[] = [];
  const versions = new Map<string, { readonly revision: Revision; readonly kv?: KeyValue }[]>();
  const written = new Map<string, Revision>();
  const denied = new Set<string>();
  let newest: Revision = 1;
  let lastIndex = 0;
  let hasBegun = begins === 'empty';
  let beginning: readonly KeyValue[] = [];

  const beginWith = (index: number, { view }: StateMachine): void => {
    hasBegun = true;
    lastIndex = index;
    newest = view.revision();
    beginning = view.range('', '\uffff').kvs;
    for (const kv of beginning) versions.set(kv.key, [{ revision: kv.modRevision, kv }]);
  };

  const first = (index: number, { revision, events }: Applied): void => {
    lastIndex = index;
    const expected = events.length > 0 ? newest + 1 : newest;
    if (revision !== expected) {
      judge.say('state', `entry ${index} made revision ${revision} after ${newest}`);
    }
    if (events.length === 0) return;
    newest = revision;
    changes.push({ revision, events });
    for (const { type, kv } of events) {
      const known = versions.get(kv.key) ?? [];
      versions.set(kv.key, known);
      known.push(type === 'put' ? { revision, kv } : { revision });
      if (type === 'put' && !kv.key.startsWith(ownPrefix)) writes(kv.value, revision);
    }
  };

  const writes = (value: string, revision: Revision): void => {
    const before = written.get(value) ?? revision;
    written.set(value, revision);
    if (before !== revision) {
      judge.say('exactly once', `"${value}" is written at ${before} and again at ${revision}`);
    }
    if (denied.has(value)) {
      judge.say(
        'exactly once',
        `"${value}" is written at ${revision}, though it was called undone`,
      );
    }
  };

  const compareDigest = (peer: string, index: number, digest: string): void => {
    const known = digests.get(index) ?? digest;
    digests.set(index, known);
    if (known === digest) return;
    judge.say('state', `${peer} is ${digest} after entry ${index}, another was ${known}`);
  };

  return {
    changes,
    newest: () => newest,
    at: (key, revision) =>
      versions.get(key)?.findLast((version) => version.revision <= revision)?.kv,
    writtenAt: (value) => written.get(value),
    neverWritten: (value) => {
      denied.add(value);
      const revision = written.get(value);
      if (revision === undefined) return;
      judge.say('exactly once', `"${value}" was called undone and is written at ${revision}`);
    },
    applied: (peer, index, applied, machine) => {
      const fingerprint = fingerprintOf(applied);
      const known = fingerprints.get(index) ?? fingerprint;
      fingerprints.set(index, known);
      if (index > lastIndex) {
        first(index, applied);
        onFirst(index, applied);
      }
      if (known !== fingerprint) {
        judge.say('state', `entry ${index} did something else at ${peer} than elsewhere`);
      }
      if (index % digestEvery === 0) compareDigest(peer, index, machine.digest());
    },
    snapshotAt: (peer, index, machine) => {
      if (!hasBegun) beginWith(index, machine);
      compareDigest(peer, index, machine.digest());
    },
    beginning: () => beginning,
    digest: () => `${newest} ${digests.size} ${[...digests.values()].at(-1) ?? ''}`,
  };
}

function fingerprintOf({ answer, revision, events, isRepeated }: Applied): number {
  const outcome = answer.ok ? answer.value : [answer.error.code, answer.error.message];
  const bytes = Buffer.from(JSON.stringify([outcome, revision, events, isRepeated]));
  return crc32c(bytes, 0, bytes.length);
}
