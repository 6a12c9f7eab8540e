// The state of the mesh actor and what its parts share: sending, news, and the view others read.

import { shuffled } from '../runtime/index.ts';
import type { Context, Result } from '../runtime/index.ts';
import type { AddressBook, AddressBookEntry } from './links/address-book.ts';
import type { Dissemination } from './membership/dissemination.ts';
import type { FactsTalk } from './facts/facts-talk.ts';
import type { Facts } from './facts/facts.ts';
import type { FailureDetector } from './membership/failure-detector.ts';
import { encodeGossip } from './gossip-message.ts';
import type { GossipMessage, Hint } from './gossip-message.ts';
import type { HintBudget } from './facts/hint-budget.ts';
import type { MemberUpdate } from './membership/member-claim.ts';
import type { Membership } from './membership/membership.ts';
import type { MeshView } from './mesh-view.ts';
import type { NodeFacts } from './mesh.ts';
import type { OutlookTracker } from './membership/outlook.ts';
import type { Overlay } from './links/overlay.ts';
import type { PeerSet } from './peer-set.ts';
import type { PeerSigner } from './belonging/peer-signer.ts';
import type { MeshTiming } from './timing.ts';
import { DATAGRAM_LIMIT_BYTES } from './transport.ts';
import type { LinkChange, PeerId, Transport } from './transport.ts';

/** News on a probe: as much as leaves the probe a datagram. */
const NEWS_ON_PROBE = { count: 32, bytes: 900 };

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
  readonly hints: HintBudget;
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
  /** Over the share of their origin, or of all peers together; not passed on either. */
  hintsIgnored: number;
}

export type MeshMessage =
  | {
      readonly type: 'gossip';
      readonly from: PeerId;
      readonly message: GossipMessage;
      readonly isDatagram: boolean;
    }
  | { readonly type: 'hint'; readonly from: PeerId; readonly hint: Hint }
  | {
      readonly type: 'link';
      readonly peer: PeerId;
      readonly change: LinkChange;
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
      readonly what:
        | 'round'
        | 'probes'
        | 'suspicions'
        | 'news'
        | 'facts'
        | 'sync'
        | 'links'
        | 'knock'
        | 'book';
      readonly dueMs: number;
    }
  | { readonly type: 'book-saved'; readonly outcome: Result<void> };

/** What this peer keeps, has, and lacks of links. */
export interface Links {
  /** Peers to which the transport keeps a link, at these addresses. */
  readonly kept: Map<PeerId, readonly string[]>;
  /** Peers with a link right now, whoever wanted it. */
  readonly up: PeerSet;
  /** Those of them that are alive or suspect: the partners of gossip. */
  readonly partners: PeerSet;
  /** Peers of the address book that are no members, or held for dead: tried now and then. */
  readonly missing: PeerSet;
}

export type MeshContext = Context<MeshMessage>;

export interface MeshState extends MeshArgs {
  readonly membership: Membership;
  readonly detector: FailureDetector;
  readonly overlay: Overlay;
  readonly outlook: OutlookTracker;
  readonly links: Links;
  readonly news: Dissemination;
  /** Claims of death by hearsay, each to be shown to its subject with a probe. At most QUESTIONS_LIMIT. */
  readonly questions: Map<PeerId, MemberUpdate>;
  readonly known: Facts;
  readonly talk: FactsTalk;
  /** What the address book holds: peers that are members or may be again. */
  readonly addresses: Map<PeerId, AddressBookEntry>;
  isBookDirty: boolean;
  isNewsTimed: boolean;
  isLinksTimed: boolean;
  /** When the suspicions timer goes off. */
  suspicionsDueMs: number | undefined;
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
  return sendFrame(state, to, encodeGossip(message), message.type);
}

/** By datagram where it fits and those pass, else as a frame; `none` when neither leaves. */
export function sendQuick(
  state: MeshState,
  to: PeerId,
  message: GossipMessage,
): 'datagram' | 'frame' | 'none' {
  const bytes = encodeGossip(message);
  if (sendDatagram(state, to, bytes)) return 'datagram';
  return sendFrame(state, to, bytes, message.type) ? 'frame' : 'none';
}

/** On both ways at once; false when neither leaves. */
export function sendTwice(state: MeshState, to: PeerId, message: GossipMessage): boolean {
  const bytes = encodeGossip(message);
  const isQuick = sendDatagram(state, to, bytes);
  return sendFrame(state, to, bytes, message.type) || isQuick;
}

function sendDatagram(state: MeshState, to: PeerId, bytes: Uint8Array): boolean {
  if (bytes.length > DATAGRAM_LIMIT_BYTES || !state.transport.sendDatagram(to, bytes)) return false;
  count(state, bytes);
  return true;
}

function sendFrame(
  state: MeshState,
  to: PeerId,
  bytes: Uint8Array,
  type: GossipMessage['type'],
): boolean {
  if (!state.transport.send(to, 'control', bytes)) return false;
  count(state, bytes);
  if (type.startsWith('facts')) state.counters.factsBytesSent += bytes.length;
  return true;
}

function count({ counters }: MeshState, bytes: Uint8Array): void {
  counters.gossipSent += 1;
  counters.gossipBytesSent += bytes.length;
}

/** Over the rate, a hint is not even made: gossip and exchanges carry the same, a little later. */
export function publishHint(state: MeshState, makeHint: () => Hint, ctx: MeshContext): void {
  if (!state.hints.publish(ctx.clock.monotonicMs(), state.membership.size())) return;
  state.counters.hintsSent += 1;
  state.transport.publish(HINT_TOPIC, encodeGossip(makeHint()));
}

/** News for a message to `to`: what is fresh, and first of all what is said of `to` itself if it is doubted. */
export function newsFor(state: MeshState, to: PeerId): readonly MemberUpdate[] {
  const fresh = state.news.take(state.membership.size(), NEWS_ON_PROBE);
  const doubt = doubtOf(state, to);
  if (doubt === undefined) return fresh;
  return [doubt, ...fresh.filter((update) => update.peer !== to)];
}

function doubtOf(state: MeshState, of: PeerId): MemberUpdate | undefined {
  const own = state.membership.claim(of);
  if (own !== undefined && own.status !== 'alive') return own;
  return state.questions.get(of);
}

/** With fewer neighbours to talk to than this, any link will do. */
const NEIGHBOURS_LEAST = 3;

/**
 * Some living peers to gossip with, by lot: neighbours of the overlay. Gossip over other links would keep those in use
 * for ever that were made because somebody once had something to say.
 */
export function gossipPartners(
  state: MeshState,
  count: number,
  ctx: MeshContext,
): readonly PeerId[] {
  const { overlay, links } = state;
  const near = [...overlay.neighbours()].filter((peer) => links.up.has(peer));
  if (near.length < NEIGHBOURS_LEAST) return links.partners.sample(ctx.random, count);
  return shuffled(ctx.random, near).slice(0, count);
}

/** Living peers one can talk to right now. */
export function reachable(state: MeshState): readonly PeerId[] {
  return state.links.partners.all();
}
