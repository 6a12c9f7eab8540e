// All actors of one peer, put together.

import type { ActorRef } from './actor.ts';
import { createAskTable } from './ask.ts';
import type { AnyActor } from './cell.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createRefFrom, deliver } from './delivery.ts';
import { SkeinError } from './errors.ts';
import type { Result } from './errors.ts';
import { createGuardian } from './guardian.ts';
import type { Guardian } from './guardian.ts';
import type { Kernel } from './kernel.ts';
import { createRef } from './refs.ts';
import { spawn } from './spawn.ts';
import type { ActorSystem, ActorSystemOptions } from './system.ts';
import { runTurn } from './turn.ts';

export function createActorSystem(options: ActorSystemOptions): ActorSystem {
  checkPeer(options.peer);
  const { peer, clock, random, log } = options;
  const deadLetters = createDeadLetters(clock, log);
  const kernel: Kernel = {
    ...options,
    cells: new Map(),
    asks: createAskTable({ peer, clock, random }),
    deadLetter: (to, message, reason) => {
      deadLetters.add(to, message, reason);
      kernel.asks.undeliverable(to, message, reason);
    },
    spawn: (parent, name, actor, args, supervision) =>
      spawn(kernel, parent, name, actor, args, supervision),
    runTurn,
    resolver: undefined,
    nextIncarnation: 1 + random.integer(2 ** 32),
    processed: 0,
    refused: 0,
  };
  const guardian = createGuardian(options.onFailure);
  return assemble(kernel, guardian, deadLetters.count);
}

function assemble(kernel: Kernel, guardian: Guardian, deadLetters: () => number): ActorSystem {
  return {
    peer: kernel.peer,
    spawn: (name, actor, args, supervision) => {
      if (guardian.isStopping()) {
        throw new SkeinError('stopped', `${kernel.peer} cannot spawn "${name}": it is stopping`);
      }
      return kernel.spawn(guardian, name, actor as unknown as AnyActor, args, supervision).ref;
    },
    ref: (address) => createRef(kernel, address),
    ask: (to, question, deadlineMs) =>
      ask(kernel, to as ActorRef<unknown>, question, deadlineMs) as Promise<Result<never>>,
    connect: (resolver) => {
      if (kernel.resolver !== undefined) {
        throw new SkeinError('already-exists', `${kernel.peer} is connected to a mesh already`);
      }
      kernel.resolver = resolver;
    },
    deliver: (from, to, message) => deliver(kernel, from, to, message),
    refFrom: (from, address) => createRefFrom(kernel, from, address),
    linkLost: (peer) => kernel.asks.linkLost(peer),
    stop: guardian.stop,
    counters: () => ({
      deadLetters: deadLetters(),
      refusedMessages: kernel.refused,
      processed: kernel.processed,
      living: kernel.cells.size,
    }),
  };
}

function ask(
  kernel: Kernel,
  to: ActorRef<unknown>,
  question: (replyTo: ActorRef<unknown>) => unknown,
  deadlineMs: number,
): Promise<Result<unknown>> {
  return new Promise((resolve) => {
    const opened = kernel.asks.open(to.address, deadlineMs, resolve);
    if (opened.ok) to.tell(question(createRef(kernel, opened.value.replyTo)));
    else resolve(opened);
  });
}

function checkPeer(peer: string): void {
  if (/^[^/#\s]+$/.test(peer)) return;
  throw new SkeinError('invalid', `"${peer}" cannot name a peer: no "/", "#" or space`, { peer });
}
