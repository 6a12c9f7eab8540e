// Chance in the shape of what clients ask: revisions and leases are named relatively, so that a shorter sequence means the same.

import * as fc from 'fast-check';
import type { Compare, Operation, Transaction } from '../../../consensus/index.ts';

export type Step =
  | { readonly type: 'transact'; readonly transaction: Transaction }
  /** `back` revisions before the newest; below 0 is yet to come. */
  | {
      readonly type: 'range';
      readonly from: string;
      readonly end: string;
      readonly back: number;
      readonly limit: number;
      readonly reverse: boolean;
    }
  | { readonly type: 'count'; readonly from: string; readonly end: string; readonly back: number }
  | { readonly type: 'grant'; readonly lease: number }
  | { readonly type: 'revoke'; readonly lease: number }
  | { readonly type: 'compact'; readonly back: number }
  | { readonly type: 'watch'; readonly from: string; readonly end: string; readonly back: number }
  /** Skein goes on from a snapshot of itself. */
  | { readonly type: 'restart' };

/** None is below `a`, where a zone keeps its own; none has characters that the two stores order differently. */
const key = fc.constantFrom('a', 'a/b', 'a/c', 'b', 'b/1', 'c', 'ä', '\u{1f986}');
const bound = fc.oneof(key, fc.constantFrom('a/', 'a0', 'b\0', 'zz', lastKey()));
const value = fc.constantFrom('', '1', '2', 'ü', '\u{1f986}\0', 'x'.repeat(300));
/** Leases have numbers; the last is never granted. 0 is none. */
export const leases = [1, 2, 3, 4] as const;
const lease = fc.constantFrom(...leases);
const leaseOrNone = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: lease },
);
const back = fc.integer({ min: -2, max: 12 });

/** The end of a range of all keys. */
export function lastKey(): string {
  return '\u{10ffff}';
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(key, value, leaseOrNone)
      .map(([k, v, l]): Operation => ({ type: 'put', key: k, value: v, lease: l })),
  },
  { weight: 3, arbitrary: key.map((k): Operation => ({ type: 'delete', key: k })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(bound, bound)
      .map(([k, end]): Operation => ({ type: 'delete', key: k, end })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(bound, bound, fc.nat(4))
      .map(([k, end, limit]): Operation => ({ type: 'range', key: k, end, limit })),
  },
  { weight: 1, arbitrary: key.map((k): Operation => ({ type: 'range', key: k })) },
);

const relation = fc.constantFrom('=' as const, '!=' as const, '<' as const, '>' as const);
const place = fc.oneof(
  { weight: 4, arbitrary: key.map((k) => ({ key: k })) },
  { weight: 1, arbitrary: fc.tuple(bound, bound).map(([k, end]) => ({ key: k, end })) },
);

/** `to` of create and mod is how far back; of a lease its number. */
const compare: fc.Arbitrary<Compare> = fc.oneof(
  fc
    .tuple(place, relation, fc.constantFrom('create' as const, 'mod' as const), fc.nat(8))
    .map(([where, is, target, to]): Compare => ({ ...where, target, is, to })),
  fc
    .tuple(place, relation, fc.nat(3))
    .map(([where, is, to]): Compare => ({ ...where, target: 'version', is, to })),
  fc
    .tuple(place, relation, leaseOrNone)
    .map(([where, is, to]): Compare => ({ ...where, target: 'lease', is, to })),
  fc
    .tuple(place, relation, value)
    .map(([where, is, to]): Compare => ({ ...where, target: 'value', is, to })),
);

/** Few of a length that the limit refuses. */
const operations = fc.oneof(
  { weight: 60, arbitrary: fc.array(operation, { maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(128, 129)
      .map((length) =>
        Array.from({ length }, (_, at): Operation => ({ type: 'delete', key: `a/${at}` })),
      ),
  },
  { weight: 1, arbitrary: fc.constant<Operation[]>([{ type: 'put', key: '', value: 'x' }]) },
);

const transaction: fc.Arbitrary<Transaction> = fc.record({
  compare: fc.array(compare, { maxLength: 2 }),
  success: operations,
  failure: operations,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: transaction.map((t): Step => ({ type: 'transact', transaction: t })) },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('range' as const),
      from: bound,
      end: bound,
      back,
      limit: fc.nat(4),
      reverse: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('count' as const), from: bound, end: bound, back }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('grant' as const), lease: fc.constantFrom(1, 2, 3) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('revoke' as const), lease }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('compact' as const), back }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('watch' as const), from: bound, end: bound, back }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ type: 'restart' }) },
);

export const sequence = fc.array(step, { minLength: 1, maxLength: 200, size: 'max' });
