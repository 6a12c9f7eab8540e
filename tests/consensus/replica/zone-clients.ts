// Clients of a zone's store who put, get and compare-and-swap a few keys through a storm, and what they saw.

import assert from 'node:assert/strict';
import type { Compare, Store } from '../../../consensus/index.ts';
import type { SeededRandom, SkeinError } from '../../../runtime/index.ts';
import { createRecorder } from '../../linearizability/history.ts';
import type { Invocation, Operation } from '../../linearizability/history.ts';
import type { Keyed } from '../../linearizability/model.ts';
import type {
  RegisterInput,
  RegisterOutput,
  RegisterValue,
} from '../../linearizability/register-model.ts';
import type { SimulatedZone } from './zone.ts';

const keys = ['/x', '/y', '/z'] as const;
const clientsPerPeer = 2;
const shortestPauseMs = 5;
const pauseSpreadMs = 150;
/** Shorter than an election, so that some requests of a storm end without an answer. */
const deadlineMs = 700;
/** After this a client goes on, though nothing told it how its request ended: its peer crashed. */
const patienceMs = 1_000;
const stormRounds = 10;
const roundMs = 500;
/** Long enough for others to elect a leader in the meantime. */
const longestPauseMs = 4_000;
const settleMs = 3_000;

export type ZoneOperation = Operation<Keyed<RegisterInput>, RegisterOutput>;

export interface StormOptions {
  /** What clients get instead of a peer's store. */
  readonly wrap?: (store: Store, zone: SimulatedZone) => Store;
}

/** `not-done` is what the store vouches for: such a request has no part in the history. */
type Outcome = RegisterOutput | 'unknown' | 'not-done';

/** Founds a zone of five, lets a storm over it, and returns what its clients asked and were told. */
export async function weatherStorm(
  zone: SimulatedZone,
  { wrap = (store) => store }: StormOptions = {},
): Promise<readonly ZoneOperation[]> {
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const [at, name] of names.entries()) await come(zone, zone.start(name, at === 0));
  await hold(zone, () => zone.leader()?.zone.store.status().voters.length === 5);

  const recorder = createRecorder<Keyed<RegisterInput>, RegisterOutput>();
  const random = zone.simulation.random.fork('clients');
  let isOver = false;
  const client = async (peer: string, number: number): Promise<void> => {
    const pauses = random.fork(`${peer} ${number}`);
    const seen = new Map<string, RegisterValue>();
    // oxlint-disable-next-line no-unmodified-loop-condition -- the end of the storm sets it while clients wait
    for (let asked = 0; !isOver; asked++) {
      const store = zone.members.get(peer)?.zone.store;
      if (store !== undefined) {
        const name = `${peer}${number}`;
        const input = randomInput(pauses, `${name}.${asked}`, seen);
        const invocation = recorder.invoke(name, input);
        const outcome = carryOut(wrap(store, zone), input, zone);
        const known = await Promise.race([outcome, after(zone, patienceMs, 'unknown' as const)]);
        record(invocation, known);
        if (typeof known !== 'string' && known.type === 'value') seen.set(input.key, known.value);
      }
      await after(zone, shortestPauseMs + pauses.integer(pauseSpreadMs), undefined);
    }
  };
  const clients = names.flatMap((name) =>
    Array.from({ length: clientsPerPeer }, (_, number) => client(name, number)),
  );
  await storm(zone, names);
  isOver = true;
  await come(zone, Promise.all(clients));
  return recorder.operations();
}

/** Loss and repetition all along; partitions, pauses, crashes and restarts by turns; then all come back. */
async function storm(zone: SimulatedZone, names: readonly string[]): Promise<void> {
  const random = zone.simulation.random.fork('storm');
  const pick = (): string => names[random.integer(names.length)]!;
  zone.setLoss(0.05);
  zone.setDuplication(0.05);
  for (let round = 0; round < stormRounds; round++) {
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + roundMs });
    const leader = zone.leader()?.name;
    const victim = leader !== undefined && random.float() < 0.5 ? leader : pick();
    const roll = random.integer(5);
    if (roll === 0) zone.partition(new Set([victim, pick()]));
    else if (roll === 1) zone.partition(new Set([victim]));
    else if (roll === 2) zone.partition(undefined);
    else if (roll === 3) pause(zone, victim, random.integer(longestPauseMs));
    else if (zone.members.has(victim) && zone.members.size > 3) zone.crash(victim);
    const back = names.find((name) => !zone.members.has(name));
    if (back !== undefined && random.float() < 0.5) await come(zone, zone.start(back));
  }
  zone.partition(undefined);
  zone.setLoss(0);
  zone.setDuplication(0);
  for (const name of names) if (!zone.members.has(name)) await come(zone, zone.start(name));
  await zone.simulation.run({ untilMs: zone.simulation.nowMs() + settleMs });
}

/** As a stopped process or a stalled machine: it knows nothing of the time that passes. */
function pause(zone: SimulatedZone, name: string, forMs: number): void {
  const peer = zone.members.get(name)?.peer;
  if (peer?.status() !== 'running') return;
  peer.freeze();
  zone.simulation.schedule(forMs, () => {
    if (peer.status() === 'frozen') peer.resume();
  });
}

/** Every value is written once, so that a read names the write it saw. */
function randomInput(
  random: SeededRandom,
  fresh: string,
  seen: ReadonlyMap<string, RegisterValue>,
): Keyed<RegisterInput> {
  const key = keys[random.integer(keys.length)]!;
  const kind = random.integer(4);
  if (kind === 0) return { key, type: 'write', value: fresh };
  return kind === 1 ? { key, type: 'cas', from: seen.get(key), to: fresh } : { key, type: 'read' };
}

async function carryOut(
  store: Store,
  input: Keyed<RegisterInput>,
  zone: SimulatedZone,
): Promise<Outcome> {
  const { key } = input;
  if (input.type === 'read') {
    const reached = await store.barrier(deadlineMs);
    if (!reached.ok) return 'not-done';
    return { type: 'value', value: store.view.get(key)?.value };
  }
  const value = String(input.type === 'write' ? input.value : input.to);
  const compare: Compare[] = input.type === 'write' ? [] : [holds(key, input.from)];
  const written = await store.transact(
    { compare, success: [{ type: 'put', key, value }] },
    { deadlineMs },
  );
  if (!written.ok) return outcomeOf(written.error, zone);
  if (input.type === 'write') return { type: 'written' };
  return { type: 'compared', isSwapped: written.value.succeeded };
}

const holds = (key: string, value: RegisterValue): Compare =>
  value === undefined
    ? { target: 'create', key, is: '=', to: 0 }
    : { target: 'value', key, is: '=', to: String(value) };

function outcomeOf(error: SkeinError, zone: SimulatedZone): Outcome {
  switch (error.code) {
    case 'timeout':
      return 'unknown';
    case 'unavailable':
    case 'overloaded':
    case 'stopped':
      return 'not-done';
    default:
      zone.failures.push(`a client was answered ${error.code}: ${error.message}`);
      return 'unknown';
  }
}

function record(invocation: Invocation<RegisterOutput>, outcome: Outcome): void {
  if (outcome === 'not-done') invocation.fails();
  else if (outcome !== 'unknown') invocation.returns(outcome);
}

const after = <T>(zone: SimulatedZone, delayMs: number, value: T): Promise<T> =>
  new Promise((resume) => zone.simulation.schedule(delayMs, () => resume(value)));

/** Runs virtual time until the promise brings its value. */
async function come<T>(zone: SimulatedZone, promise: Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  void promise.then((value) => (result = { value }));
  await hold(zone, () => result !== undefined);
  return result!.value;
}

async function hold(zone: SimulatedZone, holds: () => boolean): Promise<void> {
  const isReached = await zone.simulation.run({ until: holds, limitMs: 30_000 });
  assert.deepEqual(zone.failures, []);
  assert.ok(isReached, `did not come in 30 s of virtual time\n${zone.lines()}`);
}
