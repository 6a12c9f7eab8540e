// etcd, asked in the terms of Skein's store.

import { assert } from '../../../runtime/index.ts';
import type {
  Compare,
  KeyValue,
  Operation,
  OperationResult,
  WatchEvent,
} from '../../../consensus/index.ts';
import type { Answer, Contestant, RefusalKind, Watched } from './contestant.ts';
import { isRefusal } from './etcd-gateway.ts';
import type {
  EtcdGateway,
  Refusal,
  WireEvent,
  WireKeyValue,
  WireRange,
  WireResponse,
} from './etcd-gateway.ts';

/** Of a lease, seconds: long enough that none ends by itself. */
const ttlSeconds = 3_600;

const refusals: readonly (readonly [words: string, kind: RefusalKind])[] = [
  ['has been compacted', 'compacted'],
  ['future revision', 'future revision'],
  ['too many operations', 'too many operations'],
  ['duplicate key', 'duplicate key'],
  ['key is not provided', 'empty key'],
  ['lease not found', 'no such lease'],
  ['lease already exists', 'lease exists'],
];

/** Bytes as the gateway wants them. */
export const wire = (text: string): string => Buffer.from(text).toString('base64');
const text = (bytes: string | undefined): string => Buffer.from(bytes ?? '', 'base64').toString();

export interface EtcdContestant extends Contestant {
  /** Ends all watches. */
  readonly stop: () => void;
}

export function createEtcdContestant(gateway: EtcdGateway): EtcdContestant {
  const stops: (() => void)[] = [];
  return {
    transact: async ({ compare, success, failure = [] }) => {
      const answer = await gateway.ask('kv/txn', {
        compare: compare.map(compareToWire),
        success: success.map(operationToWire),
        failure: failure.map(operationToWire),
      });
      if (isRefusal(answer)) return kindOf(answer);
      return {
        succeeded: answer.succeeded === true,
        revision: Number(answer.header.revision),
        responses: (answer.responses ?? []).map(responseFromWire),
      };
    },
    range: async (from, end, { revision, limit, reverse = false }) => {
      const order = reverse ? { sort_order: 'DESCEND', sort_target: 'KEY' } : {};
      const answer = await gateway.ask('kv/range', {
        ...rangeOf(from, end),
        revision,
        limit,
        ...order,
      });
      return isRefusal(answer) ? kindOf(answer) : rangeFromWire(answer);
    },
    count: async (from, end, revision) => {
      const only = { count_only: true };
      const answer = await gateway.ask('kv/range', { ...rangeOf(from, end), revision, ...only });
      return isRefusal(answer) ? kindOf(answer) : Number(answer.count ?? 0);
    },
    grant: async (id) =>
      answered(await gateway.ask('lease/grant', { ID: id, TTL: ttlSeconds }), 'granted'),
    revoke: async (id) => answered(await gateway.ask('lease/revoke', { ID: id }), 'revoked'),
    compact: async (revision) =>
      answered(await gateway.ask('kv/compaction', { revision }), 'compacted'),
    watch: async (from, end, after) => {
      const watched: Watched = { heard: [], isCompacted: false };
      const create = { ...rangeOf(from, end), start_revision: after + 1, prev_kv: true };
      const stop = await gateway.watch(create, ({ events = [], canceled, compact_revision }) => {
        for (const event of events) addEvent(watched, eventFromWire(event));
        if (canceled === true && compact_revision !== undefined) watched.isCompacted = true;
      });
      stops.push(stop);
      return watched;
    },
    revision: async () => {
      const answer = await gateway.ask('kv/range', { key: wire('none') });
      assert(!isRefusal(answer), 'etcd says its revision');
      return Number(answer.header.revision);
    },
    stop: () => stops.splice(0).forEach((stop) => stop()),
  };
}

function kindOf({ refused }: Refusal): { readonly refused: RefusalKind } {
  const known = refusals.find(([words]) => refused.includes(words));
  assert(known !== undefined, `etcd refused for a known reason: ${refused}`);
  return { refused: known[1] };
}

const answered = <T>(answer: object, value: T): Answer<T> =>
  isRefusal(answer) ? kindOf(answer) : value;

/** An empty range in etcd's terms is one of which the end is the key itself. */
const rangeOf = (key: string, end: string | undefined): object =>
  end === undefined ? { key: wire(key) } : { key: wire(key), range_end: wire(end) };

const results = { '=': 'EQUAL', '!=': 'NOT_EQUAL', '<': 'LESS', '>': 'GREATER' } as const;

function compareToWire(compare: Compare): object {
  const { key, end, target, is, to } = compare;
  const fields = { ...rangeOf(key, end), result: results[is], target: target.toUpperCase() };
  switch (target) {
    case 'create':
    case 'mod':
      return { ...fields, [`${target}_revision`]: to };
    case 'version':
    case 'lease':
      return { ...fields, [target]: to };
    case 'value':
      return { ...fields, value: wire(to) };
  }
}

function operationToWire(operation: Operation): object {
  switch (operation.type) {
    case 'put': {
      const { key, value, lease = 0 } = operation;
      return { request_put: { key: wire(key), value: wire(value), lease } };
    }
    case 'delete':
      return { request_delete_range: rangeOf(operation.key, operation.end) };
    case 'range': {
      const { key, end, limit = 0 } = operation;
      return { request_range: { ...rangeOf(key, end), limit } };
    }
  }
}

function responseFromWire(response: WireResponse): OperationResult {
  if (response.response_range !== undefined) {
    return { type: 'range', ...rangeFromWire(response.response_range) };
  }
  if (response.response_delete_range !== undefined) {
    return { type: 'delete', deleted: Number(response.response_delete_range.deleted ?? 0) };
  }
  return { type: 'put' };
}

const rangeFromWire = ({ kvs = [], more = false }: WireRange) => ({
  kvs: kvs.map(keyValueFromWire),
  more,
});

const keyValueFromWire = (kv: WireKeyValue): KeyValue => ({
  key: text(kv.key),
  value: text(kv.value),
  createRevision: Number(kv.create_revision ?? 0),
  modRevision: Number(kv.mod_revision ?? 0),
  version: Number(kv.version ?? 0),
  lease: Number(kv.lease ?? 0),
});

function eventFromWire({ type, kv, prev_kv }: WireEvent): WatchEvent {
  const event = { type: type === 'DELETE' ? 'delete' : 'put', kv: keyValueFromWire(kv) } as const;
  return prev_kv === undefined ? event : { ...event, previous: keyValueFromWire(prev_kv) };
}

/** A message of etcd holds events of several revisions. */
function addEvent(watched: Watched, event: WatchEvent): void {
  const { modRevision } = event.kv;
  const last = watched.heard.at(-1);
  if (last?.[0] === modRevision)
    watched.heard[watched.heard.length - 1] = [modRevision, [...last[1], event]];
  else watched.heard.push([modRevision, [event]]);
}
