// The contract of an actor: state and a handler that runs to completion and never awaits.
//
//            spawn                      throw, directive restart
//   (none) ---------> start --> receive <------------------------ backoff
//                                 |  \___ throw, directive stop / escalate ___
//                                 | stop                                      \
//                                 v                                            v
//                              stopped <---------------------------------- stopped

import type { Address } from './address.ts';
import type { Clock } from './clock.ts';
import type { Result } from './errors.ts';
import type { Logger } from './log.ts';
import type { Random } from './random.ts';

/** A way to reach an actor, on this peer or another alike. Delivery is at most once, in order per sender. */
export interface ActorRef<in M> {
  readonly address: Address;
  /** Never throws and never blocks: what cannot be delivered becomes a dead letter. */
  readonly tell: (message: M) => void;
}

/** What the system tells an actor, apart from its messages. */
export type Signal =
  /** A child ended and will not be restarted. */
  | { readonly type: 'child-stopped'; readonly name: string; readonly error?: Error | undefined }
  /** An actor under `ctx.watch` ended, or its peer is gone. */
  | { readonly type: 'terminated'; readonly address: Address };

/** Says whether an untrusted value is an M. Returns the reason when it is not. */
export type MessageSchema = (value: unknown) => string | undefined;

export interface Actor<M, S, A = void> {
  /** The first state; also called on a restart, with the same arguments. */
  readonly start: (args: A, ctx: Context<M>) => S;
  /** The next state. Throwing means stop, unless the parent asked for a restart. */
  readonly receive: (state: S, message: M, ctx: Context<M>) => S;
  readonly signal?: (state: S, signal: Signal, ctx: Context<M>) => S;
  /** Called once when the actor ends or before it restarts; children have ended already. */
  readonly stopped?: (state: S) => void;
  /** Only an actor with a schema can be reached from another peer; what does not fit is refused and counted. */
  readonly schema?: MessageSchema;
  /**
   * The peer that a message of another peer claims to be from; one whose link did not bring it is refused at the door,
   * and counted. Asked after `schema`, so the message has its shape. Undefined for one that names nobody.
   */
  readonly claimedPeer?: (message: M) => string | undefined;
  /** Messages waiting at most; one more becomes a dead letter. Default 10,000. */
  readonly mailboxLimit?: number;
}

/** What a parent asks for when a child throws. */
export type Supervision =
  | { readonly directive: 'stop' }
  | { readonly directive: 'escalate' }
  /** After more than `maxRestarts` in `withinMs` the failure escalates. The backoff doubles per restart up to 32 x. */
  | {
      readonly directive: 'restart';
      readonly maxRestarts: number;
      readonly withinMs: number;
      readonly backoffMs: number;
    };

/** The answer type of a question: a message that carries where its answer goes. */
export type ReplyOf<Q> = Q extends { readonly replyTo: ActorRef<infer R> } ? R : never;

export interface Context<M> {
  readonly self: ActorRef<M>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Names are unique among living siblings; default supervision is stop. */
  readonly spawn: <C, S, A>(
    name: string,
    actor: Actor<C, S, A>,
    args: A,
    supervision?: Supervision,
  ) => ActorRef<C>;
  /** Ends a child of this actor, or itself. */
  readonly stop: (ref: ActorRef<never>) => void;
  /** Its end arrives as the signal `terminated`, once. */
  readonly watch: (ref: ActorRef<never>) => void;
  readonly unwatch: (ref: ActorRef<never>) => void;
  /** Sends itself `message` after `delayMs`. The same key replaces; a replaced or cancelled one never arrives. */
  readonly after: (key: string, delayMs: number, message: M) => void;
  readonly cancel: (key: string) => void;
  /**
   * Sends a question; the reply, or `timeout` / `overloaded` / `unavailable`, arrives as a message. Never
   * both, never neither. R is all that Q's questions may be answered with, unless `replyTo` is given a type:
   * `ctx.ask(counter, (replyTo: ActorRef<number>) => ({ type: 'count', replyTo }), 500, counted)`.
   */
  readonly ask: <const Q, R = ReplyOf<Q>>(
    to: ActorRef<Q>,
    question: (replyTo: ActorRef<R>) => NoInfer<Q>,
    deadlineMs: number,
    toMessage: (reply: Result<R>) => M,
  ) => void;
  /** The only door to promises. The signal aborts when the actor stops; the outcome arrives as a message. */
  readonly run: <T>(
    effect: (signal: AbortSignal) => Promise<T>,
    toMessage: (outcome: Result<T>) => M,
  ) => void;
}
