// Which replica lives where: records in the log, written by the leader before a replica may follow.

import type { ReplicaId } from '../raft/types.ts';
import { prefixEnd } from '../store/store.ts';
import type { KeyValue, Operation, StoreView, Transaction } from '../store/store.ts';
import type { Sender } from './protocol.ts';

export interface ReplicaRecord {
  readonly replica: ReplicaId;
  readonly peer: string;
  readonly domain: string;
  /** The newest life that its leaders heard of it; none in records of older programs. */
  readonly life?: number;
  /** Votes and keeps the log, runs no pods; absent for a full peer. */
  readonly isWitness?: true;
}

/** What a replica says of itself when it asks to be let in. */
export type ReplicaTraits = Pick<ReplicaRecord, 'domain' | 'isWitness'>;

const prefix = '/skein/replicas/';
const end = prefixEnd(prefix);
export const isReplicaKey = (key: string): boolean => key.startsWith(prefix);
export const replicaKey = (replica: ReplicaId): string => `${prefix}${replica}`;

/** Records are asked for with each tick, and change hardly ever: a version of a key is parsed once. */
const parsed = new WeakMap<KeyValue, ReplicaRecord>();

function parse(kv: KeyValue): ReplicaRecord {
  let record = parsed.get(kv);
  if (record === undefined) {
    record = JSON.parse(kv.value) as ReplicaRecord;
    parsed.set(kv, record);
  }
  return record;
}

/** All replicas of the zone, oldest first: of two on one peer, the later one counts. */
export function replicaRecords(view: StoreView): readonly ReplicaRecord[] {
  return [...view.range(prefix, end).kvs]
    .sort((a, b) => a.createRevision - b.createRevision)
    .map(parse);
}

/** What the log says of a replica, if anything. */
export function replicaRecord(view: StoreView, replica: ReplicaId): ReplicaRecord | undefined {
  const kv = view.get(replicaKey(replica));
  return kv === undefined ? undefined : parse(kv);
}

export function recordReplica({ replica, peer, life }: Sender, traits: ReplicaTraits): Transaction {
  const key = replicaKey(replica);
  const { domain, isWitness } = traits;
  const record: ReplicaRecord = { replica, peer, domain, life, ...(isWitness && { isWitness }) };
  return {
    compare: [{ target: 'create', key, is: '=', to: 0 }],
    success: [{ type: 'put', key, value: JSON.stringify(record) }],
  };
}

/** A record that exists gets another life; not one that was changed or forgotten meanwhile. */
export function recordLife(view: StoreView, replica: ReplicaId, life: number): Transaction {
  const key = replicaKey(replica);
  const kv = view.get(key)!;
  const record: ReplicaRecord = { ...parse(kv), life };
  return {
    compare: [{ target: 'mod', key, is: '=', to: kv.modRevision }],
    success: [{ type: 'put', key, value: JSON.stringify(record) }],
  };
}

/** Forgets every replica but a new one, which takes the place of `before` on its peer. */
export function onlyReplica(before: ReplicaRecord | undefined, replica: ReplicaId): Transaction {
  const key = replicaKey(replica);
  const others = [
    { type: 'delete', key: prefix, end: key },
    { type: 'delete', key: `${key}\0`, end },
  ] as const;
  if (before === undefined) return { compare: [], success: others };
  const { life: _, ...kept } = before;
  const record: ReplicaRecord = { ...kept, replica };
  return { compare: [], success: [...others, { type: 'put', key, value: JSON.stringify(record) }] };
}

/** Takes all replicas of a peer off the list: its leader gives their votes to others, and lets them back in by no message. */
export const forgetReplicasOf = (view: StoreView, peer: string): readonly Operation[] =>
  replicaRecords(view)
    .filter((record) => record.peer === peer)
    .map(({ replica }) => ({ type: 'delete', key: replicaKey(replica) }));

export function forgetReplica(replica: ReplicaId): Transaction {
  return { compare: [], success: [{ type: 'delete', key: replicaKey(replica) }] };
}
