// Clients of a round: each asks one peer after another, one request at a time, and remembers what it was told.

import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../../runtime/index.ts';
import { createRecorder } from '../linearizability/history.ts';
import type { Invocation, Recorder } from '../linearizability/history.ts';
import type { Keyed } from '../linearizability/model.ts';
import type { RegisterInput, RegisterOutput } from '../linearizability/register-model.ts';
import type { Door, Outcome, Stored } from './door.ts';

const clientCount = 9;
export const registers = ['register-1', 'register-2', 'register-3'] as const;
export const counter = 'counter';
/** Between two requests of one client; after one that failed, longer. */
const pace = { leastMs: 2, spreadMs: 20, afterFailureMs: 100 } as const;

export type Fate = 'done' | 'refused' | 'unknown';
export type Counts = Readonly<Record<Fate | 'conflict' | 'reads' | 'readsRefused', number>>;

export interface Seen {
  /** What became of each text that was created, by its name, which is its value too. */
  readonly created: ReadonlyMap<string, Fate>;
  readonly increments: Readonly<Record<'done' | 'unknown', number>>;
  readonly history: Recorder<Keyed<RegisterInput>, RegisterOutput>;
  readonly counts: Counts;
  /** What no client may ever be told. */
  readonly wrongs: readonly string[];
}

interface Notes {
  readonly created: Map<string, Fate>;
  readonly increments: { done: number; unknown: number };
  readonly history: Recorder<Keyed<RegisterInput>, RegisterOutput>;
  readonly counts: Record<keyof Counts, number>;
  readonly wrongs: string[];
}

/** One client at work. */
interface Client {
  readonly name: string;
  readonly doors: readonly Door[];
  readonly space: string;
  readonly chance: SeededRandom;
  readonly notes: Notes;
  /** What it last saw in each register. */
  readonly known: Map<string, Stored>;
  asked: number;
}

/** Makes the counter and the registers, then works until it is told to stop. */
export async function startClients(
  doors: readonly Door[],
  space: string,
  random: SeededRandom,
): Promise<{ readonly stop: () => Promise<Seen> }> {
  const notes: Notes = {
    created: new Map(),
    increments: { done: 0, unknown: 0 },
    history: createRecorder(),
    counts: { done: 0, refused: 0, unknown: 0, conflict: 0, reads: 0, readsRefused: 0 },
    wrongs: [],
  };
  await must(doors[0]!.create(space, counter, '0'));
  for (const key of registers) {
    const first = notes.history.invoke('first', { type: 'write', key, value: 'first' });
    await must(doors[0]!.create(space, key, 'first'));
    first.returns({ type: 'written' });
  }
  let isOver = false;
  const work = async (number: number): Promise<void> => {
    const name = `client-${number}`;
    const chance = random.fork(name);
    const client: Client = { name, doors, space, chance, notes, known: new Map(), asked: 0 };
    // oxlint-disable-next-line no-unmodified-loop-condition -- `stop` sets it while clients wait
    while (!isOver) {
      const isWell = await askOnce(client);
      const pauseMs = pace.leastMs + chance.integer(pace.spreadMs);
      await delay(isWell ? pauseMs : pauseMs + pace.afterFailureMs);
    }
  };
  const working = Promise.all(Array.from({ length: clientCount }, (_, number) => work(number)));
  return {
    stop: async () => {
      isOver = true;
      await working;
      return notes;
    },
  };
}

async function must(outcome: Promise<Outcome>): Promise<void> {
  const known = await outcome;
  if (known.type !== 'done')
    throw new Error(`a zone that is well answered ${known.type}: ${known.why}`);
}

/** Whether it went well. */
function askOnce(client: Client): Promise<boolean> {
  const { chance, doors } = client;
  const door = doors[chance.integer(doors.length)]!;
  const fresh = `${client.name}-${client.asked++}`;
  const key = registers[chance.integer(registers.length)]!;
  const dice = chance.float();
  if (dice < 0.35) return create(client, door, fresh);
  if (dice < 0.5) return increment(client, door);
  if (dice < 0.7) return readRegister(client, door, key);
  if (dice < 0.8) return writeRegister(client, door, key, fresh);
  return swapRegister(client, door, key, fresh);
}

function count({ notes }: Client, outcome: Outcome): void {
  notes.counts[outcome.type] += 1;
}

async function create(client: Client, door: Door, name: string): Promise<boolean> {
  const { notes, space } = client;
  // Until it is known, nobody knows.
  notes.created.set(name, 'unknown');
  const outcome = await door.create(space, name, name);
  count(client, outcome);
  if (outcome.type === 'conflict') {
    notes.wrongs.push(`the new name ${name} was called taken: ${outcome.why}`);
  } else {
    notes.created.set(name, outcome.type);
  }
  return outcome.type === 'done';
}

async function increment(client: Client, door: Door): Promise<boolean> {
  const { notes, space } = client;
  const found = await door.read(space, counter);
  if (found === undefined) return false;
  const next = String(Number(found.value) + 1);
  const outcome = await door.write(space, counter, next, found.version);
  count(client, outcome);
  if (outcome.type === 'done' || outcome.type === 'unknown') notes.increments[outcome.type] += 1;
  return outcome.type === 'done' || outcome.type === 'conflict';
}

async function readRegister(client: Client, door: Door, key: string): Promise<boolean> {
  const { notes, space, name } = client;
  const invocation = notes.history.invoke(name, { type: 'read', key });
  const found = await door.read(space, key);
  if (found === undefined) {
    notes.counts.readsRefused += 1;
    invocation.fails();
    return false;
  }
  notes.counts.reads += 1;
  client.known.set(key, found);
  invocation.returns({ type: 'value', value: found.value });
  return true;
}

async function writeRegister(
  client: Client,
  door: Door,
  key: string,
  value: string,
): Promise<boolean> {
  const { notes, space, name } = client;
  const invocation = notes.history.invoke(name, { type: 'write', key, value });
  const outcome = await door.write(space, key, value);
  count(client, outcome);
  if (outcome.type === 'done') client.known.set(key, outcome.stored);
  settle(invocation, outcome, { type: 'written' });
  return outcome.type === 'done';
}

/** From what this client saw last: values are written once, so that a version stands for its value. */
async function swapRegister(client: Client, door: Door, key: string, to: string): Promise<boolean> {
  const { notes, space, name, known } = client;
  const from = known.get(key);
  if (from === undefined) return readRegister(client, door, key);
  const invocation = notes.history.invoke(name, { type: 'cas', key, from: from.value, to });
  const outcome = await door.write(space, key, to, from.version);
  count(client, outcome);
  if (outcome.type === 'conflict') {
    // Seen anew before the next try.
    known.delete(key);
    invocation.returns({ type: 'compared', isSwapped: false });
    return true;
  }
  if (outcome.type === 'done') known.set(key, outcome.stored);
  settle(invocation, outcome, { type: 'compared', isSwapped: true });
  return outcome.type === 'done';
}

/** A write without a condition that lost every try to others did nothing. */
function settle(
  invocation: Invocation<RegisterOutput>,
  { type }: Outcome,
  output: RegisterOutput,
): void {
  if (type === 'done') invocation.returns(output);
  else if (type !== 'unknown') invocation.fails();
}
