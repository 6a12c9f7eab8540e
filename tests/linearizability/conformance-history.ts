// Reads the two kinds of histories in the folder of cases: logs of a register under Jepsen, and of a key-value store.

import type { KeyValueInput, KeyValueOutput } from './key-value-model.ts';
import { createRecorder } from './history.ts';
import type { Invocation, Operation } from './history.ts';
import type { RegisterInput, RegisterOutput } from './register-model.ts';

const registerLine =
  /^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(\S.*?)\s*$/;
const keyValueLine =
  /^\{:process (\d+), :type :(invoke|ok|fail|info), :f :(get|put|append), :key "(.*?)", :value (?:nil|"(.*)")\}\s*$/;

/**
 * `info` and a read that failed for lack of time end a process without an answer. A compare-and-swap that
 * failed saw another value; nothing else fails. Lines of other kinds are what the test printed on its way.
 */
export function readRegisterLog(text: string): readonly Operation<RegisterInput, RegisterOutput>[] {
  const recorder = createRecorder<RegisterInput, RegisterOutput>();
  const running = new Map<string, Invocation<RegisterOutput>>();
  for (const line of text.split('\n')) {
    const match = registerLine.exec(line);
    if (match === null) continue;
    const [, client, type, verb, value] = match as unknown as string[];
    if (type === 'invoke') {
      running.set(client!, recorder.invoke(client!, registerInput(verb!, value!)));
      continue;
    }
    const output = registerOutput(type!, verb!, value!);
    if (output !== undefined) running.get(client!)?.returns(output);
    else if (verb === 'read') running.get(client!)?.fails();
    running.delete(client!);
  }
  return recorder.operations();
}

function registerInput(verb: string, value: string): RegisterInput {
  if (verb === 'read') return { type: 'read' };
  if (verb === 'write') return { type: 'write', value: Number(value) };
  const pair = /^\[(\d+) (\d+)\]$/.exec(value);
  if (pair === null) throw new Error(`no pair to compare and swap: ${value}`);
  return { type: 'cas', from: Number(pair[1]), to: Number(pair[2]) };
}

function registerOutput(type: string, verb: string, value: string): RegisterOutput | undefined {
  if (type === 'info' || value === ':timed-out') return undefined;
  if (verb === 'cas') return { type: 'compared', isSwapped: type === 'ok' };
  if (type !== 'ok') throw new Error(`a ${verb} that failed with ${value}`);
  if (verb === 'write') return { type: 'written' };
  return { type: 'value', value: value === 'nil' ? undefined : Number(value) };
}

/** A store that answered everything, or did not answer at all. */
export function readKeyValueLog(text: string): readonly Operation<KeyValueInput, KeyValueOutput>[] {
  const recorder = createRecorder<KeyValueInput, KeyValueOutput>();
  const running = new Map<string, Invocation<KeyValueOutput>>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const match = keyValueLine.exec(line);
    if (match === null) throw new Error(`not a line of a key-value history: ${line}`);
    const [, client, type, verb, key, value = ''] = match as unknown as string[];
    if (type === 'invoke') {
      const input: KeyValueInput =
        verb === 'get'
          ? { type: 'get', key: key! }
          : { type: verb as 'put' | 'append', key: key!, value };
      running.set(client!, recorder.invoke(client!, input));
    } else {
      if (type === 'ok') running.get(client!)?.returns(verb === 'get' ? { value } : {});
      else if (type === 'fail') running.get(client!)?.fails();
      running.delete(client!);
    }
  }
  return recorder.operations();
}
