// The state of the mesh actor and what its parts share: sending, news, and the view others read.

import type { Context, Result } from '../runtime/index.ts';
import type { AddressBook, AddressBookEntry } from './address-book.ts';
import type { Dissemination } from './dissemination.ts';
import type { FactsTalk } from './facts-talk.ts';
import type { Facts } from './facts.ts';
import type { FailureDetector } from './failure-detector.ts';
import { encodeGossip } from './gossip-message.ts';
import type { GossipMessage, Hint } from './gossip-message.ts';
import type { HintBudget } from './hint-budget.ts';
import type { Membership, MemberUpdate } from './membership.ts';
import type { MeshView } from './mesh-view.ts';
import type { NodeFacts } from './mesh.ts';
import type { PeerSigner } from './peer-signer.ts';
import type { MeshTiming } from './timing.ts';
import type { PeerId, Transport } from './transport.ts';

/** The topic of urgent hints; no other is allowed. */
export const HINT_TOPIC = 'skein/hints/2';

export interface MeshArgs {
  readonly transport: Transport;
  readonly signer: PeerSigner;
  readonly timing: MeshTiming;
  readonly view: MeshView;
  readonly book: AddressBook;
  readonly bookEntries: readonly AddressBookEntry[];
  readonly facts: NodeFacts;
  readonly isRevoked: (peer: PeerId) => boolean;
  readonly counters: MeshCounters;
}

/** Only ever grow. */
export interface MeshCounters {
  malformed: number;
  /** Gossip and hints over the rate that one peer may send. */
  excess: number;
  gossipSent: number;
  gossipBytesSent: number;
  refutations: number;
  /** Deltas of facts that their origin did not sign so. */
  factsRefused: number;
  factsBytesSent: number;
  hintsSent: number;
  /** Received over the rate that all peers together may have. */
  hintsIgnored: number;
}

export type MeshMessage =
  | { readonly type: 'gossip'; readonly from: PeerId; readonly message: GossipMessage }
  | { readonly type: 'hint'; readonly from: PeerId; readonly hint: Hint }
  | {
      readonly type: 'link';
      readonly peer: PeerId;
      readonly up: boolean;
      /** Where it was dialled, if it was. */
      readonly address?: string | undefined;
    }
  /** It sent what is no frame of ours: the link is ended and dialled anew. */
  | { readonly type: 'cut'; readonly peer: PeerId }
  /** The log ended the membership of this peer. */
  | { readonly type: 'revoked'; readonly peer: PeerId }
  | { readonly type: 'set-facts'; readonly facts: NodeFacts }
  | { readonly type: 'leave'; readonly left: () => void }
  | { readonly type: 'flushed'; readonly left: () => void }
  /** A timer of the actor. A `dueMs` long past means that this peer stood still. */
  | {
      readonly type: 'due';
      readonly what: 'round' | 'probes' | 'suspicions' | 'news' | 'facts' | 'sync' | 'book';
      readonly dueMs: number;
    }
  | { readonly type: 'book-saved'; readonly outcome: Result<void> };

export type MeshContext = Context<MeshMessage>;

export interface MeshState extends MeshArgs {
  readonly membership: Membership;
  readonly detector: FailureDetector;
  readonly news: Dissemination;
  readonly known: Facts;
  readonly talk: FactsTalk;
  readonly hints: HintBudget;
  /** What the address book holds: peers that are members or may be again. */
  readonly addresses: Map<PeerId, AddressBookEntry>;
  isBookDirty: boolean;
  isNewsTimed: boolean;
  /** When a stall was last excused. */
  stalledMs: number;
}

/** Timers carry when they were due, so that a late one tells of a stall. */
export function schedule(
  ctx: MeshContext,
  what: Extract<MeshMessage, { type: 'due' }>['what'],
  delayMs: number,
): void {
  const dueMs = ctx.clock.monotonicMs() + delayMs;
  ctx.after(what, delayMs, { type: 'due', what, dueMs });
}

/** False when it is known at once that it does not arrive. */
export function sendGossip(state: MeshState, to: PeerId, message: GossipMessage): boolean {
  const frame = encodeGossip(message);
  if (!state.transport.send(to, 'control', frame)) return false;
  state.counters.gossipSent += 1;
  state.counters.gossipBytesSent += frame.length;
  if (message.type.startsWith('facts')) state.counters.factsBytesSent += frame.length;
  return true;
}

/** Over the rate, a hint is not even made: gossip and exchanges carry the same, a little later. */
export function publishHint(state: MeshState, makeHint: () => Hint, ctx: MeshContext): void {
  const size = state.membership.others().length + 1;
  if (!state.hints.publish(ctx.clock.monotonicMs(), size)) return;
  state.counters.hintsSent += 1;
  state.transport.publish(HINT_TOPIC, encodeGossip(makeHint()));
}

/** News for a message to `to`: what is fresh, and first of all what is said of `to` itself if it is doubted. */
export function newsFor(state: MeshState, to: PeerId): readonly MemberUpdate[] {
  const fresh = state.news.take(state.membership.others().length + 1);
  const own = state.membership.claim(to);
  if (own === undefined || own.status === 'alive') return fresh;
  return [own, ...fresh.filter((update) => update.peer !== to)];
}

/** Living peers one can talk to right now. */
export function reachable(state: MeshState): readonly PeerId[] {
  return state.membership.others().filter((peer) => state.transport.isLinked(peer));
}
