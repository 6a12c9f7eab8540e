// Clients of a zone: what they ask, what they are told, and what can be judged at once of each answer.

import type { Compare, Operation as StoreOperation, Store } from '../../../consensus/index.ts';
import { pick } from '../../../runtime/index.ts';
import type { SeededRandom, SkeinError } from '../../../runtime/index.ts';
import type { TransactionResult } from '../../../consensus/index.ts';
import { createRecorder } from '../../linearizability/history.ts';
import type { Invocation, Operation } from '../../linearizability/history.ts';
import type { Keyed } from '../../linearizability/model.ts';
import type {
  RegisterInput,
  RegisterOutput,
  RegisterValue,
} from '../../linearizability/register-model.ts';
import type { Judge } from './judge.ts';
import { names } from './plan.ts';
import type { Plan } from './plan.ts';
import type { StateFacts } from './state-facts.ts';
import type { Member, Zone } from './zone.ts';

const registers: readonly string[] = ['/r/x', '/r/y', '/r/z'];
/** Two keys that are only ever written together: in the history they are one register. */
const pair: readonly [string, string] = ['/pair/a', '/pair/b'];
export const counterKey = '/counter';
/** Shorter than an election, so that some requests of a storm end without an answer. */
const deadlineMs = 700;
/** After this a client goes on, though nothing told it how its request ended: its peer crashed. */
const patienceMs = 1_000;

export type ClientOperation = Operation<Keyed<RegisterInput>, RegisterOutput>;

/** `not-done` is what the store vouches for: such a request has no part in the history. */
type Outcome = RegisterOutput | 'unknown' | 'not-done';

export interface Clients {
  /** The last requests end before it resolves. */
  readonly stop: () => Promise<void>;
  readonly history: () => readonly ClientOperation[];
  readonly counts: () => ClientCounts;
}

export interface ClientCounts {
  acknowledged: number;
  unknown: number;
  refused: number;
  localReads: number;
  /** Increments of the counter that were acknowledged, and those that may have been done. */
  increments: number;
  maybeIncrements: number;
}

export interface ClientOptions {
  readonly zone: Zone;
  readonly plan: Plan;
  readonly state: StateFacts;
  readonly judge: Judge;
  readonly storeOf: (member: Member) => Store;
  /** Tells the values of one epoch of the zone from those of another. */
  readonly epoch: string;
}

/** What all clients of a run share. */
interface Crowd extends ClientOptions {
  readonly counts: ClientCounts;
  readonly recorder: ReturnType<typeof createRecorder<Keyed<RegisterInput>, RegisterOutput>>;
  /** The newest revision that anybody was told of: no later request may see less. */
  seen: number;
  isOver: boolean;
}

interface Client {
  readonly name: string;
  readonly peer: string;
  readonly random: SeededRandom;
  readonly seen: Map<string, RegisterValue>;
  asked: number;
  /** What its peer's own view was last at, and in which life. */
  view: { readonly member: Member | undefined; readonly revision: number };
}

export function startClients(options: ClientOptions): Clients {
  const crowd: Crowd = {
    ...options,
    counts: {
      acknowledged: 0,
      unknown: 0,
      refused: 0,
      localReads: 0,
      increments: Number(options.state.at(counterKey, options.state.newest())?.value ?? 0),
      maybeIncrements: 0,
    },
    recorder: createRecorder(),
    seen: options.state.newest(),
    isOver: false,
  };
  const random = options.zone.simulation.random.fork('clients');
  const clients = names.flatMap((peer) =>
    Array.from({ length: options.plan.clientsPerPeer }, (_, number) => {
      const name = `${options.epoch}${peer}${number}`;
      const view = { member: undefined, revision: 0 };
      const own = { name, peer, random: random.fork(name), seen: new Map(), asked: 0, view };
      return live(crowd, own);
    }),
  );
  return {
    stop: async () => {
      crowd.isOver = true;
      await Promise.all(clients);
    },
    history: () => [...beginningOf(options.state), ...crowd.recorder.operations()],
    counts: () => crowd.counts,
  };
}

/** What was there before the clients came, as somebody's writes long ago. */
function beginningOf(state: StateFacts): ClientOperation[] {
  return state
    .beginning()
    .filter(({ key }) => [pair[0], ...registers].includes(key))
    .map(({ key, value }) => ({
      client: 'before',
      input: { key, type: 'write', value },
      invokedAt: -2,
      returned: { at: -1, output: { type: 'written' } },
    }));
}

async function live(crowd: Crowd, client: Client): Promise<void> {
  const { zone, plan, storeOf } = crowd;
  while (!crowd.isOver) {
    const member = zone.members.get(client.peer);
    if (member?.zone !== undefined) await ask(crowd, client, member, storeOf(member));
    await after(zone, 5 + client.random.float() * plan.thinkMs * (member === undefined ? 5 : 2));
  }
}

async function ask(crowd: Crowd, client: Client, member: Member, store: Store): Promise<void> {
  const { random } = client;
  const dice = random.float();
  if (dice < 0.15) return lookLocally(crowd, client, member, store);
  if (dice < 0.25) return increment(crowd, store);
  const key = dice < 0.4 ? pair[0] : pick(random, registers)!;
  const input = inputFor(client, key);
  const invocation = crowd.recorder.invoke(client.name, input);
  const outcome = await patiently(crowd, carryOut(crowd, store, input));
  crowd.zone.simulation.trace(`${client.name} ${JSON.stringify(outcome)}`);
  note(crowd, invocation, outcome);
  if (typeof outcome !== 'string' && outcome.type === 'value') client.seen.set(key, outcome.value);
}

function note(crowd: Crowd, invocation: Invocation<RegisterOutput>, outcome: Outcome): void {
  if (outcome === 'not-done') invocation.fails();
  else if (outcome !== 'unknown') invocation.returns(outcome);
  if (outcome === 'not-done') crowd.counts.refused += 1;
  else if (outcome === 'unknown') crowd.counts.unknown += 1;
  else crowd.counts.acknowledged += 1;
}

const patiently = (crowd: Crowd, outcome: Promise<Outcome>): Promise<Outcome> =>
  Promise.race([outcome, after(crowd.zone, patienceMs).then(() => 'unknown' as const)]);

/** Every value is written once, so that a read names the write it saw. */
function inputFor(client: Client, key: string): Keyed<RegisterInput> {
  const { random, name } = client;
  const fresh = `${name}.${client.asked++}`;
  const dice = random.float();
  if (dice < 0.3) return { key, type: 'write', value: fresh };
  if (dice < 0.55) return { key, type: 'cas', from: client.seen.get(key), to: fresh };
  return dice < 0.62 && key !== pair[0]
    ? { key, type: 'write', value: undefined }
    : { key, type: 'read' };
}

async function carryOut(crowd: Crowd, store: Store, input: Keyed<RegisterInput>): Promise<Outcome> {
  if (input.type === 'read') return readNewest(crowd, store, input.key);
  const { key } = input;
  const floor = crowd.seen;
  const value = input.type === 'write' ? input.value : input.to;
  const compare = input.type === 'write' ? [] : [holds(key, input.from)];
  const success = keysOf(key).map((each) => writing(each, value));
  const written = await store.transact({ compare, success }, { deadlineMs });
  if (!written.ok) return refusal(crowd, written.error, value);
  judgeWrite(crowd, floor, input, written.value);
  if (input.type === 'write') return { type: 'written' };
  return { type: 'compared', isSwapped: written.value.succeeded };
}

const keysOf = (key: string): readonly string[] => (key === pair[0] ? pair : [key]);

const writing = (key: string, value: RegisterValue): StoreOperation =>
  value === undefined ? { type: 'delete', key } : { type: 'put', key, value: String(value) };

const holds = (key: string, value: RegisterValue): Compare =>
  value === undefined
    ? { target: 'create', key, is: '=', to: 0 }
    : { target: 'value', key, is: '=', to: String(value) };

function refusal(crowd: Crowd, error: SkeinError, value: RegisterValue): Outcome {
  switch (error.code) {
    case 'timeout':
      return 'unknown';
    case 'unavailable':
    case 'overloaded':
    case 'stopped':
      if (value !== undefined) crowd.state.neverWritten(String(value));
      return 'not-done';
    default:
      crowd.judge.say('failures', `a client was answered ${error.code}: ${error.message}`);
      return 'unknown';
  }
}

/** The revision of an answer is where it took effect: after all that anybody had been told, and as it says. */
function judgeWrite(
  crowd: Crowd,
  floor: number,
  input: Exclude<Keyed<RegisterInput>, { type: 'read' }>,
  { succeeded, revision }: TransactionResult,
): void {
  const { state, judge } = crowd;
  const value = input.type === 'write' ? input.value : input.to;
  saw(crowd, floor, revision, JSON.stringify(input));
  if (succeeded && value !== undefined) {
    const at = state.writtenAt(String(value));
    if (at !== revision) {
      judge.say('exactly once', `"${value}" was acknowledged at ${revision}, it is at ${at}`);
    } else if (revision <= floor) {
      judge.say('real time', `"${value}" was written at ${revision}, after ${floor} was seen`);
    }
  }
  if (!succeeded && input.type === 'cas') {
    const held = state.at(input.key, revision)?.value;
    if (held === input.from) {
      judge.say('real time', `${JSON.stringify(input)} failed at ${revision}, where it holds`);
    }
  }
}

/** Somebody was told of this revision, having asked when `floor` had been told. */
function saw(crowd: Crowd, floor: number, revision: number, what: string): void {
  if (revision < floor) {
    crowd.judge.say('real time', `${what} was answered at ${revision}, after ${floor} was seen`);
  }
  crowd.seen = Math.max(crowd.seen, revision);
}

async function readNewest(crowd: Crowd, store: Store, key: string): Promise<Outcome> {
  const floor = crowd.seen;
  const reached = await store.barrier(deadlineMs);
  if (!reached.ok) return 'not-done';
  saw(crowd, floor, store.view.revision(), `a read of ${key}`);
  return { type: 'value', value: judgeView(crowd, store, key) };
}

/** What a peer shows of a key, and whether it is what its revision says. */
function judgeView(crowd: Crowd, store: Store, key: string): RegisterValue {
  const { state, judge } = crowd;
  const revision = store.view.revision();
  const shown = keysOf(key).map((each) => store.view.get(each));
  for (const [i, each] of keysOf(key).entries()) {
    const expected = state.at(each, revision)?.modRevision;
    if (shown[i]?.modRevision === expected) continue;
    judge.say(
      'local reads',
      `${each} is of ${shown[i]?.modRevision} at ${revision}, it should be of ${expected}`,
    );
  }
  return shown[0]?.value;
}

/** Without a quorum: old, perhaps, but as things were at one moment, and never older than before. */
function lookLocally(crowd: Crowd, client: Client, member: Member, store: Store): void {
  const { state, judge, counts } = crowd;
  const revision = store.view.revision();
  if (client.view.member === member && revision < client.view.revision) {
    judge.say(
      'local reads',
      `${member.name} went back to ${revision} from ${client.view.revision}`,
    );
  }
  client.view = { member, revision };
  counts.localReads += 1;
  judgeView(crowd, store, pick(client.random, [pair[0], ...registers])!);
  const { kvs } = store.view.range('/r/', '/r0');
  const expected = registers.map((key) => state.at(key, revision)?.modRevision).join();
  const shown = registers.map((key) => kvs.find((kv) => kv.key === key)?.modRevision).join();
  if (shown !== expected) {
    judge.say('local reads', `a range at ${revision} holds ${shown}, it should hold ${expected}`);
  }
}

/** One more, if nobody was faster. */
async function increment(crowd: Crowd, store: Store): Promise<void> {
  const { counts } = crowd;
  const before = store.view.get(counterKey)?.value;
  const next = String(Number(before ?? 0) + 1);
  const compare = [holds(counterKey, before)];
  const success: StoreOperation[] = [{ type: 'put', key: counterKey, value: next }];
  // Until its outcome is known it counts as one that may have been done.
  counts.maybeIncrements += 1;
  const result = await Promise.race([
    store.transact({ compare, success }, { deadlineMs }),
    after(crowd.zone, patienceMs),
  ]);
  if (result === undefined || (!result.ok && result.error.code === 'timeout')) return;
  counts.maybeIncrements -= 1;
  if (result.ok && result.value.succeeded) counts.increments += 1;
}

const after = (zone: Zone, delayMs: number): Promise<undefined> =>
  new Promise((resume) => zone.simulation.schedule(delayMs, () => resume(undefined)));
