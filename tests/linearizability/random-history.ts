// Histories of a real object under clients whose requests overlap as chance has it.

import type { SeededRandom } from '../../runtime/index.ts';
import type { Operation } from './history.ts';
import type { RegisterInput, RegisterOutput, RegisterValue } from './register-model.ts';

export interface RandomHistoryOptions {
  readonly operations: number;
  readonly clients: number;
  /** Values are below this; few make compare-and-swaps succeed and histories ambiguous. */
  readonly values: number;
  /** The share of operations whose outcome is unknown: half of them took effect. */
  readonly unknown: number;
}

/** A register takes each request at one instant between its invocation and its return: linearizable by construction. */
export function randomRegisterHistory(
  random: SeededRandom,
  { operations, clients, values, unknown }: RandomHistoryOptions,
): readonly Operation<RegisterInput, RegisterOutput>[] {
  const history: Operation<RegisterInput, RegisterOutput>[] = [];
  // When each client may ask again; who lost an answer goes on as somebody else.
  const free = Array.from({ length: clients }, (_, at) => ({ name: `${at}`, at: 0 }));
  let state: RegisterValue;
  let now = 0;
  for (let done = 0; done < operations; done++) {
    const client = free[random.integer(clients)]!;
    // The object takes requests one after the other; each was asked before, and is answered after.
    now = Math.max(now, client.at) + 1;
    const invokedAt = client.at + random.float() * (now - client.at);
    const input = randomInput(random, values);
    if (random.float() < unknown) {
      if (random.float() < 0.5) state = carryOut(state, input).state;
      history.push({ client: client.name, input, invokedAt });
      client.name = `${client.name}'`;
      client.at = now;
      continue;
    }
    const result = carryOut(state, input);
    state = result.state;
    const at = now + random.float() * clients * 2;
    history.push({
      client: client.name,
      input,
      invokedAt,
      returned: { at, output: result.output },
    });
    client.at = at;
  }
  return history;
}

function randomInput(random: SeededRandom, values: number): RegisterInput {
  const kind = random.integer(3);
  if (kind === 0) return { type: 'read' };
  if (kind === 1) return { type: 'write', value: random.integer(values) };
  return { type: 'cas', from: random.integer(values), to: random.integer(values) };
}

function carryOut(
  state: RegisterValue,
  input: RegisterInput,
): { readonly state: RegisterValue; readonly output: RegisterOutput } {
  if (input.type === 'read') return { state, output: { type: 'value', value: state } };
  if (input.type === 'write') return { state: input.value, output: { type: 'written' } };
  const isSwapped = state === input.from;
  return { state: isSwapped ? input.to : state, output: { type: 'compared', isSwapped } };
}
