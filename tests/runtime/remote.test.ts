// Actors on other peers: through the resolver out, through the door in.

import assert from 'node:assert/strict';

import { createActorSystem, createRingLogger, createSimulation } from '../../runtime/index.ts';
import type {
  Actor,
  ActorRef,
  ActorSystem,
  Address,
  RemoteResolver,
  Simulation,
} from '../../runtime/index.ts';
import { at, createWorld, diarist } from './simulated-system.ts';

interface Greeting {
  readonly type: 'greet';
  readonly name: string;
  readonly replyTo: ActorRef<string>;
}

const greeter: Actor<Greeting, undefined> = {
  start: () => undefined,
  receive: (state, { name, replyTo }) => {
    replyTo.tell(`hello ${name}`);
    return state;
  },
  schema: (value) => {
    const { name } = value as { readonly name?: unknown };
    return typeof name === 'string' ? undefined : `name is ${typeof name}, not a string`;
  },
};

/** Two peers whose messages cross as JSON, with refs as addresses, after a millisecond. */
function createPair() {
  const simulation = createSimulation(1);
  const systems = new Map<string, ActorSystem>();
  const lost = new Map<string, () => void>();
  for (const name of ['here', 'there']) {
    const system = createSystem(simulation, name);
    const resolver: RemoteResolver = {
      send: (to, message) => {
        const target = systems.get(to.split('/')[2]!);
        if (target === undefined) return false;
        const frame = JSON.stringify(message, (key, value: unknown) =>
          key === 'replyTo' ? (value as ActorRef<never>).address : value,
        );
        simulation.schedule(1, () => {
          const decoded: unknown = JSON.parse(frame, (key, value: unknown) =>
            key === 'replyTo' ? target.ref(value as Address) : value,
          );
          target.deliver(to, decoded);
        });
        return true;
      },
      watch: (address, tell) => {
        lost.set(address, tell);
        return () => lost.delete(address);
      },
    };
    system.connect(resolver);
    systems.set(name, system);
  }
  return { simulation, here: systems.get('here')!, there: systems.get('there')!, lost };
}

function createSystem(simulation: Simulation, name: string): ActorSystem {
  const { clock, random, dispatcher } = simulation.peer(name);
  return createActorSystem({
    peer: name,
    clock,
    random,
    dispatcher,
    log: createRingLogger(clock),
    onFailure: (path, error) => assert.fail(`${path}: ${error.message}`),
  });
}

describe('a ref to an actor on another peer', () => {
  it('tells and asks as a ref to one here does', async () => {
    const { simulation, here, there } = createPair();
    there.spawn('greeter', greeter, undefined);
    const ref = at<Greeting>(here, 'greeter', 'there');
    const greet = (replyTo: ActorRef<string>) => ({ type: 'greet', name: 'you', replyTo }) as const;
    let answer: unknown;
    void here.ask(ref, greet, 100).then((outcome) => (answer = outcome));
    await simulation.run({ untilMs: 10 });
    assert.deepEqual(answer, { ok: true, value: 'hello you' });
    assert.equal(here.counters().deadLetters, 0);
  });

  it('makes dead letters when there is no mesh, no route or no encoding', () => {
    const { system, log } = createWorld();
    const ref = at<string>(system, 'a', 'there');
    ref.tell('no mesh');
    let send = (): boolean => false;
    system.connect({ send: () => send(), watch: () => () => undefined });
    ref.tell('no route');
    send = () => assert.fail('cannot encode');
    ref.tell('no encoding');
    assert.equal(system.counters().deadLetters, 3);
    assert.equal(
      log.lines().find(({ level }) => level === 'error')?.fields['error'],
      'cannot encode',
    );
    assert.throws(() => system.connect({ send, watch: () => () => undefined }), /already/);
  });

  it('tells its watcher when the other peer is lost, and a question that waits times out', async () => {
    const { simulation, here, lost } = createPair();
    const diary: string[] = [];
    const ref = at<Greeting>(here, 'greeter', 'there');
    here.spawn('w', diarist('w', diary), undefined).tell((ctx) => ctx.watch(ref));
    await simulation.run({ untilMs: 0 });
    lost.get(ref.address)!();
    await simulation.run({ untilMs: 1 });
    assert.deepEqual(diary, ['w start', 'w terminated skein://there/greeter']);
    let code = '';
    const greet = (replyTo: ActorRef<string>) => ({ type: 'greet', name: 'you', replyTo }) as const;
    void here
      .ask(ref, greet, 60_000)
      .then((outcome) => (code = outcome.ok ? '' : outcome.error.code));
    lost.get(ref.address)!();
    await simulation.run({ untilMs: 2 });
    assert.equal(code, 'timeout');
    assert.equal(lost.size, 0);
  });

  it('needs an address', () => {
    const { system } = createWorld();
    assert.throws(() => system.ref('nonsense' as Address), /is no address: use skein:/);
  });
});

describe('the door for messages of other peers', () => {
  it('lets in only what the schema of the actor allows', async () => {
    const { system, pass } = createWorld();
    const ref = system.spawn('greeter', greeter, undefined);
    const answers: string[] = [];
    const replyTo = { address: ref.address, tell: (text: string) => answers.push(text) };
    const good = { type: 'greet', name: 'you', replyTo };
    assert.equal(system.deliver(ref.address, good), undefined);
    const bad = system.deliver(ref.address, { ...good, name: 7 });
    assert.match(bad!, /refuses the message: name is number, not a string$/);
    // A schema that trips over the value has refused it.
    assert.match(system.deliver(ref.address, null)!, /refuses the message/);
    await pass(0);
    assert.deepEqual(answers, ['hello you']);
    assert.equal(system.counters().refusedMessages, 2);
  });

  it('lets nothing in to an actor without a schema', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('private', diarist('private', diary), undefined);
    assert.match(system.deliver(ref.address, 'hello')!, /takes no messages of other peers/);
    await pass(0);
    assert.deepEqual(diary, ['private start']);
  });

  it('says when nobody lives there, when the mailbox is full, and when the address is not its own', () => {
    const { system } = createWorld();
    const open = { ...diarist('open', []), schema: () => undefined, mailboxLimit: 1 };
    const { address } = system.spawn('open', open, undefined);
    assert.equal(system.deliver(address, 'one'), undefined);
    assert.match(system.deliver(address, 'two')!, /mailbox is full/);
    assert.match(system.deliver(`${address}9` as Address, 'x')!, /no actor lives at/);
    assert.match(system.deliver('skein://there/open' as Address, 'x')!, /no address on here/);
    assert.match(system.deliver('nonsense' as Address, 'x')!, /no address on here/);
    assert.deepEqual(system.counters(), {
      deadLetters: 2,
      refusedMessages: 2,
      processed: 0,
      living: 1,
    });
  });

  it('lets in answers by their id only, and each once', async () => {
    const { system, pass } = createWorld();
    let replyTo: ActorRef<number> | undefined;
    const keeper: Actor<{ readonly replyTo: ActorRef<number> }, undefined> = {
      start: () => undefined,
      receive: (state, message) => {
        replyTo = message.replyTo;
        return state;
      },
    };
    const ref = system.spawn('keeper', keeper, undefined);
    let value: unknown;
    void system.ask(ref, (to) => ({ replyTo: to }), 100).then((outcome) => (value = outcome));
    await pass(0);
    assert.match(replyTo!.address, /^skein:\/\/here\/ask\/[0-9a-f]{16}-1$/);
    assert.match(system.deliver('skein://here/ask/1' as Address, 666)!, /nobody waits/);
    assert.equal(system.deliver(replyTo!.address, 42), undefined);
    assert.match(system.deliver(replyTo!.address, 43)!, /nobody waits/);
    await pass(0);
    assert.deepEqual(value, { ok: true, value: 42 });
  });
});
