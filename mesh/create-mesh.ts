// Composes the mesh of one peer over a transport and plugs it into the actor system.

import type { Duplex } from 'node:stream';
import { SkeinError } from '../runtime/index.ts';
import type { ActorSystem, Clock, Logger } from '../runtime/index.ts';
import type { AddressBook, AddressBookEntry } from './links/address-book.ts';
import { ENVELOPE_V2 } from './messages/envelope.ts';
import { createHintBudget } from './facts/hint-budget.ts';
import { createGossipGate } from './gossip-gate.ts';
import { decodeGossip, decodeHint, originOf } from './gossip-message.ts';
import { limitLines } from './limited-lines.ts';
import { learned } from './links/known-addresses.ts';
import type { JoinGrant } from './belonging/membership-authority.ts';
import { meshActor } from './mesh-actor.ts';
import type { MeshCounters, MeshMessage } from './mesh-state.ts';
import { HINT_TOPIC } from './mesh-state.ts';
import { createMeshView } from './mesh-view.ts';
import type { Mesh, NodeFacts } from './mesh.ts';
import { createRemoteRouter } from './messages/remote-router.ts';
import type { RemoteRouter, RouterCounters } from './messages/remote-router.ts';
import type { PeerSigner } from './belonging/peer-signer.ts';
import { LAN } from './timing.ts';
import type { MeshTiming } from './timing.ts';
import type { PeerId, Transport, TransportHandlers } from './transport.ts';

/** Messages that may wait for the mesh actor while the transport starts. */
const EARLY_LIMIT = 10_000;

export interface MeshOptions {
  readonly transport: Transport;
  /** Signs as the transport's `self`. */
  readonly signer: PeerSigner;
  /** Its `peer` is the transport's `self`. */
  readonly system: ActorSystem;
  readonly clock: Clock;
  readonly log: Logger;
  readonly addressBook: AddressBook;
  /** Where to find others first, besides the book: from the grant of a join. */
  readonly peers?: JoinGrant['peers'];
  /** What this peer says of itself from the start. */
  readonly facts?: NodeFacts;
  /** Whether the log ended this membership. Default: never. */
  readonly isRevoked?: (peer: PeerId) => boolean;
  /** Tells of each membership that the log ends, once it is applied here; returns how to stop. */
  readonly onRevoked?: (revoked: (peer: PeerId) => void) => () => void;
  /** Default LAN. */
  readonly timing?: MeshTiming;
}

/** The mesh and what it counted. */
export interface CountingMesh extends Mesh {
  readonly counters: () => RouterCounters & MeshCounters;
}

type StreamHandler = (from: PeerId, header: unknown, stream: Duplex) => void;

/** Starts the transport. Rejects as `Transport.start` and `AddressBook.load` do. */
export async function createMesh(options: MeshOptions): Promise<CountingMesh> {
  const { transport, system, log } = options;
  if (system.peer !== transport.self) {
    throw new SkeinError(
      'invalid',
      `actor system of ${system.peer} over the transport of ${transport.self}: both must be one peer`,
    );
  }
  const isRevoked = options.isRevoked ?? (() => false);
  const view = createMeshView((error) =>
    log.error('a listener for members failed', { error: String(error) }),
  );
  const router = createRemoteRouter(transport, system, view, log);
  const counters: MeshCounters = {
    malformed: 0,
    excess: 0,
    gossipSent: 0,
    gossipBytesSent: 0,
    refutations: 0,
    factsRefused: 0,
    factsBytesSent: 0,
    hintsSent: 0,
    hintsIgnored: 0,
  };
  const hints = createHintBudget();
  const streams = new Map<string, StreamHandler>();
  const bookEntries = merged(await options.addressBook.load(), options.peers ?? [], transport.self);

  // Links may come up while the transport still starts: what they say waits for the actor.
  const early: MeshMessage[] = [];
  let toActor = (message: MeshMessage): void => {
    if (early.length < EARLY_LIMIT) early.push(message);
  };
  const hearsHint = (origin: string): boolean => {
    // As many as the outlook counts: what publishers divide by, but for those who are suspected.
    const isHeard = hints.receive(origin, options.clock.monotonicMs(), view.outlook().alive);
    if (!isHeard) counters.hintsIgnored += 1;
    return isHeard;
  };
  const tell = (message: MeshMessage): void => toActor(message);
  await transport.start(createHandlers({ tell, hearsHint, router, streams, counters, options }));
  const actor = system.spawn('mesh', meshActor, {
    transport,
    signer: options.signer,
    timing: options.timing ?? LAN,
    view,
    book: options.addressBook,
    bookEntries,
    facts: options.facts ?? {},
    isRevoked,
    counters,
    hints,
  });
  toActor = actor.tell;
  early.forEach(actor.tell);
  const forget = options.onRevoked?.((peer) => actor.tell({ type: 'revoked', peer }));
  system.connect(router.resolver);

  return {
    self: transport.self,
    members: view.members,
    member: view.member,
    memberNamed: view.memberNamed,
    onMember: view.onMember,
    outlook: view.outlook,
    onOutlook: view.onOutlook,
    setFacts: (facts) => actor.tell({ type: 'set-facts', facts }),
    resolver: router.resolver,
    openStream: transport.open,
    links: transport.links,
    handleStream: (protocol, handler) => {
      if (streams.has(protocol)) {
        throw new SkeinError('already-exists', `streams of ${protocol} have a handler already`);
      }
      streams.set(protocol, handler);
      return () => streams.delete(protocol);
    },
    leave: () => new Promise((left) => actor.tell({ type: 'leave', left })),
    stop: () => {
      forget?.();
      return transport.stop();
    },
    counters: () => ({
      ...router.counters,
      ...counters,
    }),
  };
}

interface HandlerParts {
  readonly tell: (message: MeshMessage) => void;
  /** Counts a hint of this origin; false when it is one too many. */
  readonly hearsHint: (origin: string) => boolean;
  readonly router: RemoteRouter;
  readonly streams: ReadonlyMap<string, StreamHandler>;
  readonly counters: MeshCounters;
  readonly options: Pick<MeshOptions, 'clock' | 'log'>;
}

function createHandlers(parts: HandlerParts): TransportHandlers {
  const { tell, hearsHint, router, streams, counters } = parts;
  const { clock, log } = parts.options;
  const gate = createGossipGate();
  const sayMalformed = limitLines(log.warn, clock);
  /** A later format may pass by unread; what claims to be ours and is not cuts the link. */
  const malformed = (from: PeerId, error: SkeinError): void => {
    counters.malformed += 1;
    const fields = { from, code: error.code, error: error.message };
    if (error.code !== 'corrupt') return log.debug('frame not understood', fields);
    sayMalformed('malformed frame', fields);
    tell({ type: 'cut', peer: from });
  };
  const admits = (from: PeerId, bytes: number): boolean => {
    const isAdmitted = gate.admitsMessage(from, bytes, clock.monotonicMs());
    if (!isAdmitted) counters.excess += 1;
    return isAdmitted;
  };
  return {
    frame: (from, lane, frame) => {
      if (frame[0] === ENVELOPE_V2) {
        const fault = router.incoming(from, frame);
        if (fault !== undefined) malformed(from, fault);
        return;
      }
      if (!admits(from, frame.length)) return;
      const message = decodeGossip(frame);
      if (!message.ok) malformed(from, message.error);
      else if (lane === 'control')
        tell({ type: 'gossip', from, message: message.value, isDatagram: false });
    },
    datagram: (from, bytes) => {
      if (!admits(from, bytes.length)) return;
      const message = decodeGossip(bytes);
      if (message.ok) tell({ type: 'gossip', from, message: message.value, isDatagram: true });
      else counters.malformed += 1;
    },
    published: (from, topic, data) => {
      if (topic !== HINT_TOPIC) return 'refuse';
      if (!gate.admitsHint(from, clock.monotonicMs())) {
        counters.excess += 1;
        return 'drop';
      }
      const hint = decodeHint(data);
      if (hint.ok) {
        if (!hearsHint(originOf(hint.value))) return 'drop';
        tell({ type: 'hint', from, hint: hint.value });
        return 'pass on';
      }
      malformed(from, hint.error);
      return hint.error.code === 'corrupt' ? 'refuse' : 'drop';
    },
    link: (peer, change, address) => {
      if (change === 'lost') router.linkLost(peer);
      if (change !== 'up') gate.linkDown(peer, clock.monotonicMs());
      tell({ type: 'link', peer, change, address });
    },
    stream: (from, protocol, header, stream) => {
      const handler = streams.get(protocol);
      if (handler !== undefined) handler(from, header, stream);
      else stream.destroy(new SkeinError('unsupported', `no streams of ${protocol} here`));
    },
  };
}

function merged(
  book: readonly AddressBookEntry[],
  peers: JoinGrant['peers'],
  self: PeerId,
): readonly AddressBookEntry[] {
  const entries = new Map(book.map((entry) => [entry.peer, entry]));
  for (const { peer, addresses } of peers) {
    const known = entries.get(peer);
    const all = [...new Set([...addresses, ...(known?.addresses ?? [])])];
    entries.set(peer, learned(known, peer, all, 0));
  }
  entries.delete(self);
  return [...entries.values()];
}
