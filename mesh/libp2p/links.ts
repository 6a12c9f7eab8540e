// The links to other members: dialled without end, admitted by handshake, three lanes each, torn down as one.

import './promise-with-resolvers.ts';
import type { Connection, IncomingStreamData, Stream } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { asSkeinError, SkeinError } from '../../runtime/index.ts';
import type { Clock, Logger, Random, Timer } from '../../runtime/index.ts';
import type { Lane as LaneName, LinkReport, PeerId } from '../transport.ts';
import type { AdmissionGate } from './admission-gate.ts';
import { createFramedStream } from './framed-stream.ts';
import type { GatedRegistrar } from './gated-registrar.ts';
import { parseHostPort, toMultiaddr } from './host-ports.ts';
import { openLane } from './lane.ts';
import type { Lane } from './lane.ts';
import { judgeHello } from './link-table.ts';
import { introduce, MEMBER_PROTOCOL, welcome } from './member-handshake.ts';
import type { HandshakeTerms } from './member-handshake.ts';
import { rememberOnlyMembers } from './member-peer-store.ts';
import { admitMuxerOf } from './muxer-guard.ts';
import type { MemberNode } from './node.ts';
import { redialPauseMs } from './redial.ts';

const LANES: readonly LaneName[] = ['control', 'log', 'bulk'];

/** A dial with its handshake must be done within this. */
const DIAL_DEADLINE_MS = 5_000;

export const laneProtocol = (lane: LaneName): string => `/skein/lane/${lane}/1`;

export interface LinksOptions {
  readonly node: MemberNode;
  readonly self: PeerId;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly gate: AdmissionGate;
  readonly registrar: GatedRegistrar;
  readonly terms: (remote: PeerId) => HandshakeTerms;
  readonly frame: (from: PeerId, lane: LaneName, frame: Uint8Array) => void;
  readonly link: (peer: PeerId, up: boolean) => void;
}

export interface Links {
  readonly connect: (peer: PeerId, addresses: readonly string[]) => void;
  readonly disconnect: (peer: PeerId) => void;
  readonly isLinked: (peer: PeerId) => boolean;
  readonly send: (to: PeerId, lane: LaneName, frame: Uint8Array) => boolean;
  readonly report: () => readonly LinkReport[];
  /** The connection under an admitted link. */
  readonly connection: (peer: PeerId) => Connection | undefined;
  readonly start: () => Promise<void>;
  readonly stop: () => void;
}

/** A wish to be linked, kept until `disconnect`. */
interface Wish {
  addresses: readonly string[];
  failures: number;
  timer: Timer | undefined;
  isDialling: boolean;
  /** This side's hello is out on a connection of its own. */
  isGreeting: boolean;
}

/** A link that is up or whose lanes are being opened. */
interface Link {
  readonly peer: PeerId;
  readonly connection: Connection;
  readonly lanes: Map<LaneName, Lane>;
  /** Undefined until all lanes are there. */
  upSinceMs: number | undefined;
}

export function createLinks(options: LinksOptions): Links {
  const { node, self, clock, random, log, gate, registrar } = options;
  const wishes = new Map<PeerId, Wish>();
  const links = new Map<PeerId, Link>();
  let isStopped = false;

  const isUp = (peer: PeerId): boolean => links.get(peer)?.upSinceMs !== undefined;

  const drop = (link: Link, reason: Error): void => {
    if (links.get(link.peer) !== link) return;
    links.delete(link.peer);
    for (const lane of link.lanes.values()) lane.close();
    gate.forget(link.connection);
    registrar.disconnected(link.connection.remotePeer);
    link.connection.abort(reason);
    if (link.upSinceMs !== undefined) {
      log.debug('link lost', { peer: link.peer, reason: reason.message });
      options.link(link.peer, false);
    }
    plan(link.peer, 0);
  };

  /** Begins a link over an admitted connection, in place of any other. */
  const begin = (peer: PeerId, connection: Connection): Link => {
    const old = links.get(peer);
    if (old !== undefined) drop(old, new Error('replaced by a newer link'));
    const link: Link = { peer, connection, lanes: new Map(), upSinceMs: undefined };
    links.set(peer, link);
    gate.admit(connection);
    return link;
  };

  const addLane = (link: Link, name: LaneName, stream: Stream): void => {
    if (links.get(link.peer) !== link || link.lanes.has(name)) {
      stream.abort(new Error('not a lane of the present link'));
      return;
    }
    const lane = openLane(
      stream,
      name,
      (frame) => options.frame(link.peer, name, frame),
      (error) => drop(link, error),
    );
    link.lanes.set(name, lane);
    admitMuxerOf(stream);
    if (link.lanes.size < LANES.length) return;
    link.upSinceMs = clock.monotonicMs();
    const wish = wishes.get(link.peer);
    if (wish !== undefined) wish.failures = 0;
    registrar.connected(link.connection.remotePeer, link.connection);
    options.link(link.peer, true);
  };

  const dial = async (peer: PeerId, wish: Wish): Promise<void> => {
    const signal = AbortSignal.timeout(DIAL_DEADLINE_MS);
    const connection = await node.dial(await dialled(peer, wish.addresses), {
      force: true,
      signal,
    });
    try {
      if (links.has(peer) || wishes.get(peer) !== wish) throw superseded();
      const stream = createFramedStream(await connection.newStream(MEMBER_PROTOCOL, { signal }));
      if (links.has(peer)) throw superseded();
      signal.addEventListener('abort', () => stream.abort(new Error('handshake took too long')));
      wish.isGreeting = true;
      await introduce(stream, options.terms(peer));
      wish.isGreeting = false;
      if (links.has(peer) || wishes.get(peer) !== wish) throw superseded();
      const link = begin(peer, connection);
      const streams = await Promise.all(
        LANES.map((name) =>
          connection.newStream(laneProtocol(name), { signal, maxOutboundStreams: 1 }),
        ),
      );
      LANES.forEach((name, i) => addLane(link, name, streams[i]!));
      node.services.identify.identify(connection).catch((error: unknown) => {
        log.debug('identify failed', { peer, error: String(error) });
      });
    } catch (error) {
      const link = links.get(peer);
      if (link?.connection === connection) drop(link, asSkeinError(error));
      else connection.abort(asSkeinError(error));
      throw error;
    } finally {
      wish.isGreeting = false;
    }
  };

  /** Dials after a pause, as long as the wish stands and there is no link. */
  const plan = (peer: PeerId, pauseMs: number): void => {
    const wish = wishes.get(peer);
    if (wish === undefined || wish.isDialling || isStopped) return;
    wish.timer?.cancel();
    wish.timer = clock.setTimer(pauseMs, () => {
      if (links.has(peer) || wishes.get(peer) !== wish || isStopped) return;
      wish.isDialling = true;
      dial(peer, wish).then(
        () => (wish.isDialling = false),
        (error: unknown) => {
          wish.isDialling = false;
          wish.failures += 1;
          log.debug('dial failed', { peer, failures: wish.failures, error: String(error) });
          plan(peer, redialPauseMs(wish.failures, random));
        },
      );
    });
  };

  const onHello = async ({ connection, stream }: IncomingStreamData): Promise<void> => {
    const peer = connection.remotePeer.toString();
    const framed = createFramedStream(stream);
    await welcome(framed, options.terms(peer), () => {
      const verdict = judgeHello({
        self,
        remote: peer,
        upSinceMs: links.get(peer)?.upSinceMs,
        isGreeting: wishes.get(peer)?.isGreeting ?? false,
        nowMs: clock.monotonicMs(),
      });
      if (verdict === 'crossed') {
        throw new SkeinError('conflict', 'both dialled at once, and the other dial stands');
      }
      // From here on its lanes may arrive, even before its own "admitted" is read.
      begin(peer, connection);
    });
  };

  const handleHello = (data: IncomingStreamData): void => {
    onHello(data).catch((error: unknown) => {
      log.debug('link refused', {
        peer: data.connection.remotePeer.toString(),
        error: String(error),
      });
      const link = links.get(data.connection.remotePeer.toString());
      if (link?.connection === data.connection) drop(link, asSkeinError(error));
      // The refusal is still on its way: the gate's deadline ends the connection.
    });
  };

  const handleLane = (name: LaneName, { connection, stream }: IncomingStreamData): void => {
    const link = links.get(connection.remotePeer.toString());
    if (link?.connection === connection) addLane(link, name, stream);
    else stream.abort(new SkeinError('unauthorized', 'not admitted'));
  };

  return {
    connect: (peer, addresses) => {
      if (peer === self) return;
      const known = wishes.get(peer);
      const wish = known ?? {
        addresses,
        failures: 0,
        timer: undefined,
        isDialling: false,
        isGreeting: false,
      };
      const isNew = known === undefined || known.addresses.join() !== addresses.join();
      wish.addresses = addresses;
      wishes.set(peer, wish);
      if (isNew && !links.has(peer)) plan(peer, 0);
    },
    disconnect: (peer) => {
      wishes.get(peer)?.timer?.cancel();
      wishes.delete(peer);
      const link = links.get(peer);
      if (link !== undefined) drop(link, new SkeinError('stopped', 'disconnected'));
    },
    isLinked: isUp,
    send: (to, lane, frame) => {
      const link = links.get(to);
      if (link?.upSinceMs === undefined) return false;
      return link.lanes.get(lane)!.send(frame);
    },
    report: () =>
      [...wishes.keys()].sort().map((peer) => ({
        peer,
        path: isUp(peer) ? 'direct' : 'none',
        sinceMs: links.get(peer)?.upSinceMs ?? 0,
        hasDatagrams: false,
      })),
    connection: (peer) => (isUp(peer) ? links.get(peer)!.connection : undefined),
    start: async () => {
      rememberOnlyMembers(node.peerStore, (peer) => links.has(peer));
      await node.handle(MEMBER_PROTOCOL, handleHello, { maxInboundStreams: 1 });
      for (const name of LANES) {
        await node.handle(laneProtocol(name), (data) => handleLane(name, data), {
          maxInboundStreams: 1,
        });
      }
      node.addEventListener('connection:close', ({ detail: connection }) => {
        gate.forget(connection);
        const link = links.get(connection.remotePeer.toString());
        if (link?.connection === connection) drop(link, new Error('connection closed'));
      });
    },
    stop: () => {
      isStopped = true;
      for (const wish of wishes.values()) wish.timer?.cancel();
      wishes.clear();
      for (const link of links.values()) drop(link, new SkeinError('stopped', 'this peer stops'));
    },
  };
}

async function dialled(peer: PeerId, addresses: readonly string[]): Promise<Multiaddr[]> {
  const found = await Promise.allSettled(
    addresses.map(async (address) => await toMultiaddr(parseHostPort(address), peer)),
  );
  const usable = found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  if (usable.length === 0) {
    throw new SkeinError('unavailable', `no usable address of peer ${peer}`, { peer });
  }
  return usable;
}

function superseded(): SkeinError {
  return new SkeinError('conflict', 'another link came first');
}
