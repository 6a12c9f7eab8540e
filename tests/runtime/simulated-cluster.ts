// Five peers that ping each other over a bad network while they crash, freeze and fail: what a seed must replay.

import {
  createActorSystem,
  createRingLogger,
  createSimulation,
  formatAddress,
  pick,
  unreachable,
} from '../../runtime/index.ts';
import type {
  Actor,
  ActorRef,
  ActorSystem,
  Address,
  Context,
  Simulation,
  SimulatedPeer,
} from '../../runtime/index.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const lossRate = 0.1;
const durationMs = 10_000;

type Message =
  | { readonly type: 'tick' }
  | { readonly type: 'ping'; readonly replyTo: ActorRef<number> }
  | { readonly type: 'pong'; readonly ok: boolean }
  | { readonly type: 'written'; readonly count: number };

interface Node {
  readonly peer: SimulatedPeer;
  readonly system: ActorSystem;
}

export interface ClusterRun {
  readonly digest: string;
  readonly steps: number;
  /** How often each thing happened that makes the run worth comparing. */
  readonly seen: Seen;
}

type Seen = Record<
  'losses' | 'pongs' | 'timeouts' | 'writes' | 'aborts' | 'failures' | 'crashes' | 'freezes',
  number
>;

/** Runs a cluster for ten seconds of virtual time. */
export async function runCluster(seed: string): Promise<ClusterRun> {
  const simulation = createSimulation(seed);
  const seen: Seen = {
    losses: 0,
    pongs: 0,
    timeouts: 0,
    writes: 0,
    aborts: 0,
    failures: 0,
    crashes: 0,
    freezes: 0,
  };
  const nodes = new Map<string, Node>();
  for (const name of names) nodes.set(name, start(simulation, nodes, seen, name));
  disturb(simulation, nodes, seen);
  await simulation.run({ untilMs: durationMs });
  return { digest: simulation.digest(), steps: simulation.steps(), seen };
}

function start(simulation: Simulation, nodes: Map<string, Node>, seen: Seen, name: string): Node {
  const peer = simulation.peer(name, { rate: 0.99 + simulation.random.float() / 50 });
  const { clock, random, dispatcher } = peer;
  const system = createActorSystem({
    peer: name,
    clock,
    random,
    dispatcher,
    log: createRingLogger(clock),
    onFailure: (path) => simulation.trace(`${name} ${path} failed`),
  });
  const network = random.fork('network');
  system.connect({
    send: (to, message) => {
      if (network.float() < lossRate) {
        seen.losses++;
        return true;
      }
      const target = nodes.get(to.split('/')[2]!);
      if (target === undefined) return false;
      const frame = encode(message);
      target.peer.schedule(1 + network.float() * 9, () => {
        target.system.deliver(name, to, decode(frame, target.system));
      });
      return true;
    },
    watch: () => () => undefined,
  });
  const pingers = names.map((other) =>
    system.ref<Message>(formatAddress({ peer: other, path: 'top/pinger' })),
  );
  system.spawn('top', supervisor(seen), pingers);
  return { peer, system };
}

/** Refs cross as addresses, so that answers go through the network too. */
function encode(message: unknown): string {
  return JSON.stringify(message, (key, value: unknown) =>
    key === 'replyTo' ? (value as ActorRef<never>).address : value,
  );
}

function decode(frame: string, system: ActorSystem): unknown {
  return JSON.parse(frame, (key, value: unknown) =>
    key === 'replyTo' ? system.ref(value as Address) : value,
  );
}

/** Kills and revives, freezes and resumes. */
function disturb(simulation: Simulation, nodes: Map<string, Node>, seen: Seen): void {
  const chance = simulation.random.fork('faults');
  const next = (): void => {
    const name = pick(chance, names)!;
    const { peer } = nodes.get(name)!;
    if (chance.float() < 0.5) {
      seen.crashes++;
      peer.crash();
      simulation.schedule(200, () => nodes.set(name, start(simulation, nodes, seen, name)));
    } else {
      seen.freezes++;
      peer.freeze();
      simulation.schedule(chance.float() * 300, () => peer.resume());
    }
    simulation.schedule(300 + chance.float() * 500, next);
  };
  simulation.schedule(100, next);
}

/** Restarts its pinger whenever that fails. */
function supervisor(seen: Seen): Actor<never, undefined, readonly ActorRef<Message>[]> {
  return {
    start: (pingers, ctx) => {
      ctx.spawn('pinger', pinger(seen), pingers, {
        directive: 'restart',
        maxRestarts: 1_000,
        withinMs: 100,
        backoffMs: 5,
      });
      return undefined;
    },
    receive: (state) => state,
  };
}

/** Pings anyone now and then; answers pings after a slow write; throws now and then. */
function pinger(seen: Seen): Actor<Message, number, readonly ActorRef<Message>[]> {
  let others: readonly ActorRef<Message>[] = [];
  return {
    start: (pingers, ctx) => {
      others = pingers;
      ctx.after('tick', ctx.random.float() * 20, { type: 'tick' });
      return 0;
    },
    receive: (count, message, ctx) => {
      switch (message.type) {
        case 'tick':
          ctx.after('tick', 10 + ctx.random.float() * 20, { type: 'tick' });
          ctx.ask(
            pick(ctx.random, others)!,
            (replyTo: ActorRef<number>) => ({ type: 'ping', replyTo }),
            50,
            ({ ok }) => ({ type: 'pong', ok }),
          );
          return count;
        case 'ping':
          write(ctx, seen, count);
          message.replyTo.tell(count);
          return count + 1;
        case 'written':
          seen.writes++;
          return count;
        case 'pong':
          if (message.ok) seen.pongs++;
          else seen.timeouts++;
          if (ctx.random.float() > 0.02) return count;
          seen.failures++;
          throw new Error(`had enough after ${count}`);
        default:
          return unreachable(message);
      }
    },
    schema: () => undefined,
  };
}

function write(ctx: Context<Message>, seen: Seen, count: number): void {
  ctx.run(
    async (signal) => {
      signal.addEventListener('abort', () => seen.aborts++);
      for (let wait = 0; wait < 3; wait++) {
        await new Promise((resolve) => ctx.clock.setTimer(1, () => resolve(wait)));
      }
    },
    () => ({ type: 'written', count }),
  );
}
