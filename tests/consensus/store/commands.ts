// Short ways to give commands to a state machine, and chance in the shape of transactions.

import * as fc from 'fast-check';

import { encodeCommand } from '../../../consensus/store/command.ts';
import type { Command } from '../../../consensus/store/command.ts';
import type { RequestId } from '../../../consensus/store/request-table.ts';
import { createStateMachine } from '../../../consensus/store/state-machine.ts';
import type {
  Applied,
  CommandAnswer,
  StateMachine,
} from '../../../consensus/store/state-machine.ts';
import type {
  Compare,
  Operation,
  Transaction,
  TransactionResult,
} from '../../../consensus/store/store.ts';

export interface Driver {
  readonly machine: StateMachine;
  readonly apply: (command: Command, request?: RequestId) => Applied;
  /** Throws the refusal. */
  readonly answer: (command: Command, request?: RequestId) => CommandAnswer;
  readonly transact: (...success: readonly Operation[]) => TransactionResult;
}

export function createDriver(machine = createStateMachine()): Driver {
  const apply = (command: Command, request?: RequestId) =>
    machine.apply(machine.appliedIndex() + 1, encodeCommand(command, request));
  const answer = (command: Command, request?: RequestId) => {
    const applied = apply(command, request);
    if (!applied.answer.ok) throw applied.answer.error;
    return applied.answer.value;
  };
  return {
    machine,
    apply,
    answer,
    transact: (...success) => {
      const done = answer({ type: 'transaction', transaction: { compare: [], success } });
      if (done.type !== 'transaction') throw new Error(done.type);
      return done.result;
    },
  };
}

export function put(key: string, value = 'v', lease = 0): Operation {
  return { type: 'put', key, value, lease };
}

export function remove(key: string, end?: string): Operation {
  return end === undefined ? { type: 'delete', key } : { type: 'delete', key, end };
}

/** A copy by way of the snapshot, cut into other chunks than it was written in. */
export function copyOf(machine: StateMachine, pieceBytes = 7): StateMachine {
  const copy = createStateMachine();
  restoreInto(copy, machine.snapshot(), machine.appliedIndex(), pieceBytes);
  return copy;
}

export function restoreInto(
  machine: StateMachine,
  chunks: Iterable<Uint8Array>,
  index: number,
  pieceBytes: number,
): void {
  const restoration = machine.restore();
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      restoration.add(chunk.subarray(at, at + pieceBytes));
    }
  }
  restoration.finish(index);
}

const keys = fc.constantFrom('a', 'a/b', 'a/c', 'b', 'b/1', 'ä', '\u{1f986}');
const values = fc.string({ maxLength: 3 });

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(keys, values).map(([key, value]) => put(key, value)),
  keys.map((key) => remove(key)),
  fc.tuple(keys, keys).map(([key, end]) => remove(key, end)),
  fc
    .tuple(keys, keys, fc.integer({ min: 1, max: 4 }))
    .map(([key, end, limit]): Operation => ({ type: 'range', key, end, limit })),
  keys.map((key): Operation => ({ type: 'range', key })),
);

const relation = fc.constantFrom('=' as const, '!=' as const, '<' as const, '>' as const);

const anyCompare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({
    target: fc.constantFrom(
      'create' as const,
      'mod' as const,
      'version' as const,
      'lease' as const,
    ),
    key: keys,
    is: relation,
    to: fc.nat(6),
  }),
  fc.record({ target: fc.constant('value' as const), key: keys, is: relation, to: values }),
);

/** Some of them are refused, because they write a key twice. */
export const anyTransaction: fc.Arbitrary<Transaction> = fc.record({
  compare: fc.array(anyCompare, { maxLength: 2 }),
  success: fc.array(anyOperation, { maxLength: 4 }),
  failure: fc.array(anyOperation, { maxLength: 3 }),
});
