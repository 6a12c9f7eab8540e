// All actors of one peer.

import type { Actor, ActorRef, ReplyOf, Supervision } from './actor.ts';
import type { Address } from './address.ts';
import type { Clock } from './clock.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Result } from './errors.ts';
import type { Logger } from './log.ts';
import type { Random } from './random.ts';

/** Reaches actors on other peers; `mesh/` provides it, so that `runtime/` knows no network. */
export interface RemoteResolver {
  /** Sends towards another peer, at most once; false when it is known at once that it cannot get there. True promises nothing. */
  readonly send: (to: Address, message: unknown) => boolean;
  /** Calls `lost` once when the peer of `address` is gone; returns how to stop watching. */
  readonly watch: (address: Address, lost: () => void) => () => void;
}

export interface ActorSystemOptions {
  /** This peer's id: the host part of its addresses. */
  readonly peer: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly dispatcher: Dispatcher;
  /** Called with every failure that reached the top; the peer decides what to do (usually: end the process). */
  readonly onFailure: (path: string, error: Error) => void;
}

export interface ActorSystem {
  readonly peer: string;
  readonly spawn: <M, S, A>(
    name: string,
    actor: Actor<M, S, A>,
    args: A,
    supervision?: Supervision,
  ) => ActorRef<M>;
  /** A ref to any address, here or on another peer. */
  readonly ref: <M>(address: Address) => ActorRef<M>;
  /** A question from code that is no actor (an HTTP handler, a test). Outcomes as in `Context.ask`; rejects only with what `question` throws. */
  readonly ask: <const Q, R = ReplyOf<Q>>(
    to: ActorRef<Q>,
    question: (replyTo: ActorRef<R>) => NoInfer<Q>,
    deadlineMs: number,
  ) => Promise<Result<R>>;
  /** Plugs in the mesh; before that, addresses of other peers are dead letters. */
  readonly connect: (resolver: RemoteResolver) => void;
  /** Delivers a message that the link to peer `from` brought, after the door's checks. Returns why not, if refused. */
  readonly deliver: (from: string, to: Address, message: unknown) => string | undefined;
  /**
   * A ref that came inside a message of peer `from`: whoever uses it can say no more to an actor here than `from` could.
   * Throws invalid when `address` is none, forbidden for the place of a question of a third peer.
   */
  readonly refFrom: <M>(from: string, address: Address) => ActorRef<M>;
  /** The link to a peer went down, or the peer is gone: whoever asked it and waits is told at once. */
  readonly linkLost: (peer: string) => void;
  /** Ends all actors, children before parents, youngest first. */
  readonly stop: () => Promise<void>;
  readonly counters: () => {
    readonly deadLetters: number;
    readonly refusedMessages: number;
    readonly processed: number;
    readonly living: number;
  };
}
