// The links to other members: made when wished for or needed, admitted by handshake, three lanes each, torn down as one.

import './promise-with-resolvers.ts';
import type { Connection, IncomingStreamData } from '@libp2p/interface';
import { asSkeinError, SkeinError } from '../../runtime/index.ts';
import type { Clock, Logger, Random } from '../../runtime/index.ts';
import type { Datagrams } from '../datagram/datagrams.ts';
import { DIAL_REASON } from '../links/dial-reason.ts';
import { createRelayHints, parseRelayHint } from '../links/relay-hint.ts';
import type { Lane as LaneName, LinkChange, LinkReport, PeerId } from '../transport.ts';
import type { AdmissionGate } from './admission-gate.ts';
import { createDialLine } from './dial-line.ts';
import { triesText } from './dial-reasons.ts';
import { createFramedStream } from './framed-stream.ts';
import type { GatedRegistrar } from './gated-registrar.ts';
import { createSearch, laneProtocol } from './link-search.ts';
import { createLinkSet } from './link-set.ts';
import { judgeHello } from './link-table.ts';
import { createWish, givesWay, LANES } from './link.ts';
import type { Link, Way, Wish } from './link.ts';
import { MEMBER_PROTOCOL, welcome } from './member-handshake.ts';
import type { HandshakeTerms } from './member-handshake.ts';
import { rememberOnlyMembers } from './member-peer-store.ts';
import type { MemberNode } from './node.ts';
import { redialPauseMs, upgradePauseMs } from './redial.ts';
import { createRelay, RELAY_PROTOCOLS } from './relay.ts';
import { relayOf } from './relayed-connection.ts';
import { createWaitingFrames } from './waiting-frames.ts';

export { laneProtocol };

/** Two peers that hear of each other would both dial: the one with the larger id leaves it to the other for so long. */
const COURTESY_MS = 1_000;

export interface LinksOptions {
  readonly node: MemberNode;
  readonly self: PeerId;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly gate: AdmissionGate;
  readonly registrar: GatedRegistrar;
  readonly terms: (remote: PeerId) => HandshakeTerms;
  /** This peer announces no address of its own. */
  readonly dialsOut: boolean;
  /** The protocol of byte streams: a link that carries one is in use. */
  readonly streamProtocol: string;
  readonly datagrams: Datagrams;
  readonly datagram: (from: PeerId, bytes: Uint8Array) => void;
  readonly frame: (from: PeerId, lane: LaneName, frame: Uint8Array) => void;
  readonly link: (peer: PeerId, change: LinkChange, address?: string) => void;
}

export interface Links {
  readonly connect: (peer: PeerId, addresses: readonly string[]) => void;
  readonly reach: (peer: PeerId, addresses: readonly string[]) => void;
  readonly disconnect: (peer: PeerId) => void;
  readonly isLinked: (peer: PeerId) => boolean;
  readonly send: (to: PeerId, lane: LaneName, frame: Uint8Array) => boolean;
  readonly sendDatagram: (to: PeerId, bytes: Uint8Array) => boolean;
  readonly report: () => readonly LinkReport[];
  /** The connection under the link, made now if the peer can be reached; undefined when there is none. */
  readonly obtain: (peer: PeerId) => Promise<Connection | undefined>;
  /** Peers through which this one is reached, as it seems that nobody can dial it. */
  readonly hints: () => readonly PeerId[];
  /** A byte stream over its link moved on: the other side is there. */
  readonly heard: (peer: PeerId) => void;
  readonly start: () => Promise<void>;
  readonly stop: () => void;
}

export function createLinks(options: LinksOptions): Links {
  const { node, self, clock, random, log } = options;
  const wishes = new Map<PeerId, Wish>();
  const waiting = createWaitingFrames();
  const line = createDialLine<PeerId>(clock, () => set.all().length > 0);
  const hints = createRelayHints();
  /** What has ever been seen of inbound links. */
  let wasDialled = false;
  let wasRelayed = false;
  const isHidden = (): boolean => options.dialsOut || (wasRelayed && !wasDialled);
  let isStopped = false;

  const isBetter = (peer: PeerId, wish: Wish, way: Pick<Way, 'via'>): boolean =>
    wishes.get(peer) === wish && !isStopped && set.isBetter(peer, way);

  const onUp = (link: Link): void => {
    const { peer, connection } = link;
    if (link.via !== undefined) wasRelayed = true;
    else if (connection.direction === 'inbound') wasDialled = true;
    const wish = wishes.get(peer);
    if (wish !== undefined && link.via === undefined) {
      wish.failures = 0;
      wish.tries = [];
    }
    options.link(peer, 'up', link.address);
    const frames = waiting.take(peer, clock.monotonicMs());
    for (const { lane, frame } of frames) link.lanes.get(lane)!.send(frame);
    for (const waiter of wish?.waiters.splice(0) ?? []) waiter(connection);
    if (wish !== undefined && link.via !== undefined) plan(peer, upgradePauseMs(1, random));
  };

  const noteDown = ({ peer }: Link): void => {
    const wish = wishes.get(peer);
    if (wish !== undefined) wish.downSinceMs = clock.monotonicMs();
  };

  const set = createLinkSet({
    ...options,
    isKept: (peer) => wishes.get(peer)?.isKept ?? false,
    isUse: (protocol) => protocol === options.streamProtocol || RELAY_PROTOCOLS.includes(protocol),
    up: onUp,
    down: (link) => {
      noteDown(link);
      options.link(link.peer, 'lost');
    },
    ended: (link) => {
      noteDown(link);
      options.link(link.peer, 'ended');
    },
    vacant: (peer) => plan(peer, 0),
  });

  const direct = (peer: PeerId): Connection | undefined => {
    const link = set.present(peer);
    return link?.via === undefined ? link?.connection : undefined;
  };
  const neighbours = (): readonly PeerId[] =>
    set.all().flatMap(({ peer, via }) => (via === undefined ? [peer] : []));

  const relay = createRelay({ node, log, direct });

  const search = createSearch({
    ...options,
    relay,
    isBetter,
    neighbours,
    direct: async (peer) => {
      if (set.present(peer) === undefined) await obtain(peer);
      return direct(peer);
    },
    begin: set.begin,
    addLane: set.addLane,
    giveUp: (peer, connection, error) => {
      const link = set.over(peer, connection);
      if (link !== undefined) set.drop(link, error);
      else connection.abort(error);
    },
  });

  /** Looks for a way after a pause, as long as a link, or a better one, is wanted. */
  const plan = (peer: PeerId, pauseMs: number): void => {
    const wish = wishes.get(peer);
    if (wish === undefined || wish.isDialling || isStopped) return;
    wish.timer?.cancel();
    wish.timer = clock.setTimer(pauseMs, () => {
      wish.timer = undefined;
      const isNeeded =
        wish.isKept ||
        waiting.has(peer) ||
        wish.waiters.length > 0 ||
        set.present(peer) !== undefined;
      if (!isNeeded || !isBetter(peer, wish, DIRECT)) return;
      wish.isDialling = true;
      wish.isChanged = false;
      const find = async (answered: () => void): Promise<void> => {
        if (isBetter(peer, wish, DIRECT)) await search.find(peer, wish, answered);
      };
      // What has something to say does not stand in line behind those that are only to be linked.
      (wish.isKept ? line.stand(peer, find) : find(() => undefined)).then(
        () => onSearched(peer, wish),
        (error: unknown) =>
          log.error('the search for a way failed', { peer, error: String(error) }),
      );
    });
  };

  const onSearched = (peer: PeerId, wish: Wish): void => {
    wish.isDialling = false;
    if (!isBetter(peer, wish, DIRECT)) return;
    if (wish.isChanged) {
      plan(peer, 0);
      return;
    }
    wish.failures += 1;
    if (set.present(peer) !== undefined) {
      plan(peer, upgradePauseMs(wish.failures, random));
      return;
    }
    const pauseMs = redialPauseMs(wish.failures, random);
    wish.notBeforeMs = clock.monotonicMs() + pauseMs;
    waiting.take(peer, Infinity);
    for (const waiter of wish.waiters.splice(0)) waiter(undefined);
    if (wish.isKept) plan(peer, pauseMs);
  };

  const obtain = (peer: PeerId): Promise<Connection | undefined> => {
    const link = set.present(peer);
    if (link !== undefined) {
      link.usedMs = clock.monotonicMs();
      return Promise.resolve(link.connection);
    }
    const wish = wishes.get(peer);
    const isPossible = wish !== undefined && !wish.isKept && mayDial(wish, clock.monotonicMs());
    if (!isPossible || wish.waiters.length >= WAITERS_LIMIT) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      wish.waiters.push(resolve);
      plan(peer, 0);
    });
  };

  const want = (peer: PeerId, addresses: readonly string[], isKept: boolean): void => {
    if (peer === self) return;
    const known = wishes.get(peer);
    const wish = known ?? createWish(clock.monotonicMs());
    const isNew = known === undefined || known.addresses.join() !== addresses.join();
    const isChanged = isNew || known.isKept !== isKept;
    wish.addresses = addresses;
    wish.isKept = isKept;
    if (isNew) {
      wish.isChanged = true;
      wish.notBeforeMs = 0;
      const still = new Set(addresses);
      wish.tries = wish.tries.filter(({ address }) => still.has(address));
    }
    wishes.set(peer, wish);
    // Without any link nobody has told the other of this peer: then it must dial itself. What an announcement has changed
    // is tried at once, whatever the pause was.
    const isFirst = known !== undefined || set.all().length === 0 || self < peer;
    if (isChanged) plan(peer, isFirst ? 0 : COURTESY_MS);
  };

  const onHello = async ({ connection, stream }: IncomingStreamData): Promise<void> => {
    const peer = connection.remotePeer.toString();
    const way = { connection, via: relayOf(connection.remoteAddr), address: undefined };
    const framed = createFramedStream(stream);
    const terms = options.terms(peer);
    await welcome(framed, terms, (other) => {
      const link = set.present(peer);
      const verdict = judgeHello({
        self,
        remote: peer,
        upSinceMs: link?.upSinceMs,
        isBetter: link !== undefined && givesWay(link, way),
        isGreeting: wishes.get(peer)?.isGreeting ?? false,
        nowMs: clock.monotonicMs(),
      });
      if (verdict === 'crossed') {
        throw new SkeinError('conflict', 'both dialled at once, and the other dial stands');
      }
      // From here on its lanes may arrive, even before its own "admitted" is read.
      set.begin(peer, way, { own: terms.datagram, other });
    });
  };

  const handleHello = (data: IncomingStreamData): void => {
    onHello(data).catch((error: unknown) => {
      const peer = data.connection.remotePeer.toString();
      log.debug('link refused', { peer, error: String(error) });
      const link = set.over(peer, data.connection);
      if (link !== undefined) set.drop(link, asSkeinError(error));
      // The refusal is still on its way: the gate's deadline ends the connection.
    });
  };

  const handleLane = (name: LaneName, { connection, stream }: IncomingStreamData): void => {
    const link = set.over(connection.remotePeer.toString(), connection);
    if (link !== undefined) set.addLane(link, name, stream);
    else stream.abort(new SkeinError('unauthorized', 'not admitted'));
  };

  const reportOf = (peer: PeerId, wish: Wish): LinkReport => {
    const link = set.present(peer);
    const isDialled = wish.addresses.some((address) => parseRelayHint(address) === undefined);
    const isUntried = isDialled || (link === undefined && wish.failures === 0);
    const reason = triesText(wish.tries) ?? (isUntried ? undefined : DIAL_REASON.noAddress);
    if (link === undefined) {
      const sinceMs = wish.downSinceMs;
      return { peer, path: 'none', sinceMs, hasDatagrams: false, reason };
    }
    return {
      peer,
      path: link.via === undefined ? 'direct' : 'relayed',
      via: link.via,
      sinceMs: link.upSinceMs!,
      hasDatagrams: link.datagrams?.isOpen() === true,
      roundTripMs: link.roundTripMs,
      reason: link.via === undefined ? undefined : reason,
    };
  };

  return {
    connect: (peer, addresses) => want(peer, addresses, true),
    reach: (peer, addresses) => want(peer, addresses, false),
    disconnect: (peer) => {
      const wish = wishes.get(peer);
      wish?.timer?.cancel();
      wishes.delete(peer);
      waiting.take(peer, Infinity);
      for (const waiter of wish?.waiters.splice(0) ?? []) waiter(undefined);
      set.dropAll(peer, new SkeinError('stopped', 'disconnected'));
    },
    isLinked: (peer) => set.present(peer) !== undefined,
    send: (to, lane, frame) => {
      const link = set.present(to);
      const nowMs = clock.monotonicMs();
      if (link !== undefined) {
        link.usedMs = nowMs;
        return link.lanes.get(lane)!.send(frame);
      }
      const wish = wishes.get(to);
      // A link that is kept is being made in any case, sooner now: whoever sends hears at once that it is not there.
      if (wish?.isKept === true) line.hurry(to);
      if (wish === undefined || wish.isKept || !mayDial(wish, nowMs)) return false;
      if (!waiting.add(to, lane, frame, nowMs)) return false;
      plan(to, 0);
      return true;
    },
    sendDatagram: (to, bytes) => set.present(to)?.datagrams?.send(bytes) === true,
    obtain,
    hints: () => {
      // Whom this peer has dialled, others can as well.
      const dialled = set.all().flatMap((link) => (link.address === undefined ? [] : [link.peer]));
      return isHidden() ? hints.choose(dialled, clock.monotonicMs()) : [];
    },
    heard: (peer) => {
      const link = set.present(peer);
      if (link !== undefined) link.heardMs = clock.monotonicMs();
    },
    report: () =>
      [...wishes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([peer, wish]) => reportOf(peer, wish)),
    start: async () => {
      rememberOnlyMembers(node.peerStore, set.has);
      await node.handle(MEMBER_PROTOCOL, handleHello, { maxInboundStreams: 1 });
      for (const name of LANES) {
        await node.handle(laneProtocol(name), (data) => handleLane(name, data), {
          maxInboundStreams: 1,
        });
      }
      await relay.start();
      node.addEventListener('connection:close', ({ detail: connection }) => {
        set.closed(connection);
      });
      set.start();
    },
    stop: () => {
      isStopped = true;
      search.stop();
      set.stop();
      for (const wish of wishes.values()) {
        wish.timer?.cancel();
        for (const waiter of wish.waiters.splice(0)) waiter(undefined);
      }
      wishes.clear();
      set.dropAll(undefined, new SkeinError('stopped', 'this peer stops'));
    },
  };
}

/** Streams that may wait for one link to be made. */
const WAITERS_LIMIT = 256;

const DIRECT: Pick<Way, 'via'> = { via: undefined };

/** One that could not be reached a moment ago is not tried again for each word. */
const mayDial = (wish: Wish, nowMs: number): boolean =>
  wish.isDialling || nowMs >= wish.notBeforeMs;
