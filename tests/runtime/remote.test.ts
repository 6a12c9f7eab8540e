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
  SkeinError,
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
            key === 'replyTo' ? target.refFrom(name, value as Address) : value,
          );
          target.deliver(name, to, decoded);
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

  it('tells its watcher when the other peer is lost', async () => {
    const { simulation, here, lost } = createPair();
    const diary: string[] = [];
    const ref = at<Greeting>(here, 'greeter', 'there');
    here.spawn('w', diarist('w', diary), undefined).tell((ctx) => ctx.watch(ref));
    await simulation.run({ untilMs: 0 });
    lost.get(ref.address)!();
    await simulation.run({ untilMs: 1 });
    assert.deepEqual(diary, ['w start', 'w terminated skein://there/greeter']);
  });

  it('tells who waits for an answer that the link is lost, and of no other peer', async () => {
    const { simulation, here, there } = createPair();
    const greet = (replyTo: ActorRef<string>) => ({ type: 'greet', name: 'you', replyTo }) as const;
    there.spawn('silent', { ...greeter, receive: (state) => state }, undefined);
    let error: SkeinError | undefined;
    void here
      .ask(at<Greeting>(here, 'silent', 'there'), greet, 60_000)
      .then((outcome) => (error = outcome.ok ? undefined : outcome.error));
    await simulation.run({ untilMs: 10 });
    here.linkLost('elsewhere');
    await simulation.run({ untilMs: 20 });
    assert.equal(error, undefined);
    here.linkLost('there');
    await simulation.run({ untilMs: 21 });
    assert.equal(error!.code, 'timeout');
    assert.match(error!.message, /lost before it answered: it may or may not have been done/);
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
    assert.equal(system.deliver('there', ref.address, good), undefined);
    const bad = system.deliver('there', ref.address, { ...good, name: 7 });
    assert.match(bad!, /refuses the message: name is number, not a string$/);
    // A schema that trips over the value has refused it.
    assert.match(system.deliver('there', ref.address, null)!, /refuses the message/);
    await pass(0);
    assert.deepEqual(answers, ['hello you']);
    assert.equal(system.counters().refusedMessages, 2);
  });

  it('lets nothing in to an actor without a schema', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('private', diarist('private', diary), undefined);
    assert.match(
      system.deliver('there', ref.address, 'hello')!,
      /takes no messages of other peers/,
    );
    await pass(0);
    assert.deepEqual(diary, ['private start']);
  });

  it('says when nobody lives there, when the mailbox is full, and when the address is not its own', () => {
    const { system } = createWorld();
    const open = { ...diarist('open', []), schema: () => undefined, mailboxLimit: 1 };
    const { address } = system.spawn('open', open, undefined);
    assert.equal(system.deliver('there', address, 'one'), undefined);
    assert.match(system.deliver('there', address, 'two')!, /mailbox is full/);
    assert.match(system.deliver('there', `${address}9` as Address, 'x')!, /no actor lives at/);
    assert.match(
      system.deliver('there', 'skein://there/open' as Address, 'x')!,
      /no address on here/,
    );
    assert.match(system.deliver('there', 'nonsense' as Address, 'x')!, /no address on here/);
    assert.deepEqual(system.counters(), {
      deadLetters: 2,
      refusedMessages: 2,
      processed: 0,
      living: 1,
    });
  });

  it('lets in answers by their id only, of the peer that was asked, and each once', async () => {
    const { system, pass } = createWorld();
    let place = '' as Address;
    system.connect({
      send: (_to, message) => {
        place = (message as { readonly replyTo: ActorRef<number> }).replyTo.address;
        return true;
      },
      watch: () => () => undefined,
    });
    let value: unknown;
    const keeper = at<{ readonly replyTo: ActorRef<number> }>(system, 'keeper', 'there');
    void system.ask(keeper, (replyTo) => ({ replyTo }), 100).then((outcome) => (value = outcome));
    assert.match(place, /^skein:\/\/here\/ask\/[0-9a-f]{16}-1$/);
    assert.match(system.deliver('there', 'skein://here/ask/1' as Address, 666)!, /nobody waits/);
    assert.match(
      system.deliver('elsewhere', place, 666)!,
      /elsewhere answers a question that was put to there/,
    );
    assert.equal(system.counters().refusedMessages, 1);
    assert.equal(system.deliver('there', place, 42), undefined);
    assert.match(system.deliver('there', place, 43)!, /nobody waits/);
    await pass(0);
    assert.deepEqual(value, { ok: true, value: 42 });
  });

  it('lets no other peer answer a question that was put to an actor here', async () => {
    const { system, pass } = createWorld();
    let place = '' as Address;
    const keeper: Actor<{ readonly replyTo: ActorRef<number> }, undefined> = {
      start: () => undefined,
      receive: (state, { replyTo }) => {
        place = replyTo.address;
        return state;
      },
    };
    let value: unknown;
    const ref = system.spawn('keeper', keeper, undefined);
    void system.ask(ref, (replyTo) => ({ replyTo }), 100).then((outcome) => (value = outcome));
    await pass(0);
    assert.match(system.deliver('there', place, 666)!, /was put to here/);
    at<number>(system, place.slice('skein://here/'.length)).tell(42);
    await pass(0);
    assert.deepEqual(value, { ok: true, value: 42 });
  });

  it('lets nobody speak as another peer', async () => {
    const { system, pass } = createWorld();
    const heard: string[] = [];
    const signed: Actor<{ readonly from: string }, undefined> = {
      start: () => undefined,
      receive: (state, { from }) => {
        heard.push(from);
        return state;
      },
      schema: (value) => (typeof value === 'object' ? undefined : 'no object'),
      claimedPeer: ({ from }) => from,
    };
    const { address } = system.spawn('signed', signed, undefined);
    assert.match(
      system.deliver('there', address, { from: 'elsewhere' })!,
      /there speaks as elsewhere/,
    );
    assert.equal(system.deliver('there', address, { from: 'there' }), undefined);
    // Names nobody: the schema lets it in, and it claims nothing.
    assert.equal(system.deliver('there', address, {}), undefined);
    await pass(0);
    assert.deepEqual(heard, ['there', undefined]);
    assert.equal(system.counters().refusedMessages, 1);
  });

  it('stands before what is told to a ref that another peer sent', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const { address } = system.spawn('private', diarist('private', diary), undefined);
    system.refFrom<unknown>('there', address).tell('hello');
    await pass(0);
    assert.deepEqual(diary, ['private start']);
    assert.equal(system.counters().refusedMessages, 1);
    const refFrom = (text: string) => system.refFrom<unknown>('there', text as Address);
    // Anybody may name an actor; the place of a question is of use to nobody but the one who was asked.
    assert.equal(refFrom('skein://elsewhere/a').address, 'skein://elsewhere/a');
    assert.equal(refFrom('skein://there/ask/1').address, 'skein://there/ask/1');
    assert.throws(() => refFrom('skein://elsewhere/ask/1'), /only the peer that was asked/);
    assert.throws(() => refFrom('nonsense'), /is no address/);
  });
});
