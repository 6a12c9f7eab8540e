// Finds a way to a peer: all its addresses at once, and if none opens soon, relays; then the handshake and the lanes.
//
//   addresses, staggered --+--> first that opens --> hello --> lanes --> a direct link
//                          |
//  nobody answers in 1.5 s +--> relays, staggered --> hello --> lanes --> a relayed link; the addresses go on being tried

import { setMaxListeners } from 'node:events';
import type { Connection, Stream } from '@libp2p/interface';
import { abortWithin, asSkeinError, shuffled, SkeinError, wait } from '../../runtime/index.ts';
import type { Clock, Logger, Random } from '../../runtime/index.ts';
import { parseRelayHint } from '../links/relay-hint.ts';
import type { Lane as LaneName, PeerId } from '../transport.ts';
import { firstOpen, within } from './dial-race.ts';
import { reasonOf, withTry } from './dial-reasons.ts';
import { createFramedStream } from './framed-stream.ts';
import { parseHostPort, toMultiaddr } from './host-ports.ts';
import type { DatagramTerms } from './link-datagrams.ts';
import { LANES } from './link.ts';
import type { Link, Way, Wish } from './link.ts';
import { introduce, MEMBER_PROTOCOL } from './member-handshake.ts';
import type { HandshakeTerms } from './member-handshake.ts';
import type { MemberNode } from './node.ts';
import type { Relay } from './relay.ts';

/** A dial, and a handshake with its lanes, must each be done within this. */
const DIAL_DEADLINE_MS = 5_000;

/** When nobody has answered at any address by then, relays are asked. */
const RELAY_AFTER_MS = 1_500;

/** Relays asked in one search besides those that the peer names, chosen anew each time. */
const RELAYS_ASKED = 4;

/** A peer that stood still itself first hears what came meanwhile. */
const HEAR_MS = 20;

export const laneProtocol = (lane: LaneName): string => `/skein/lane/${lane}/1`;

export interface SearchOptions {
  readonly node: MemberNode;
  readonly relay: Relay;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly terms: (remote: PeerId) => HandshakeTerms;
  /** Whether a link by this way is still wanted, and better than what there is. */
  readonly isBetter: (peer: PeerId, wish: Wish, way: Pick<Way, 'via'>) => boolean;
  /** Peers with a direct link to this one. */
  readonly neighbours: () => readonly PeerId[];
  /** The connection of a direct link, made now where it can be. */
  readonly direct: (peer: PeerId) => Promise<Connection | undefined>;
  readonly begin: (peer: PeerId, way: Way, terms: DatagramTerms) => Link;
  readonly addLane: (link: Link, name: LaneName, stream: Stream) => void;
  /** Ends the link that was begun over this connection, or the connection alone. */
  readonly giveUp: (peer: PeerId, connection: Connection, error: SkeinError) => void;
}

export interface Search {
  /**
   * Resolves when nothing more can be tried now, whatever came of it; why not is in the wish. Never rejects. `answered` once
   * somebody is there at one of the addresses.
   */
  readonly find: (peer: PeerId, wish: Wish, answered: () => void) => Promise<void>;
  readonly stop: () => void;
}

export function createSearch(options: SearchOptions): Search {
  const { node, relay, clock, random, log, isBetter } = options;
  const { wire } = node.services;
  const stopping = new AbortController();
  // As many dials as there are peers listen to it at once.
  setMaxListeners(0, stopping.signal);

  const note = (peer: PeerId, wish: Wish, address: string, error: unknown): void => {
    // Another link came first: that says nothing of the address.
    if (error instanceof SkeinError && error.code === 'conflict') return;
    wish.tries = withTry(wish.tries, { address, reason: reasonOf(error) });
    log.debug('dial failed', { peer, address, error: String(error) });
  };

  const sayHello = async (peer: PeerId, wish: Wish, way: Way): Promise<void> => {
    const { connection } = way;
    const signal = abortWithin(stopping.signal, DIAL_DEADLINE_MS);
    try {
      if (!isBetter(peer, wish, way)) throw superseded();
      const stream = createFramedStream(await connection.newStream(MEMBER_PROTOCOL, { signal }));
      signal.addEventListener('abort', () => stream.abort(new Error('handshake took too long')));
      if (!isBetter(peer, wish, way)) throw superseded();
      wish.isGreeting = true;
      const terms = options.terms(peer);
      const other = await introduce(stream, terms);
      wish.isGreeting = false;
      if (!isBetter(peer, wish, way)) throw superseded();
      const link = options.begin(peer, way, { own: terms.datagram, other });
      const streams = await Promise.all(
        LANES.map((name) =>
          connection.newStream(laneProtocol(name), { signal, maxOutboundStreams: 1 }),
        ),
      );
      LANES.forEach((name, i) => options.addLane(link, name, streams[i]!));
      node.services.identify.identify(connection).catch((error: unknown) => {
        log.debug('identify failed', { peer, error: String(error) });
      });
    } catch (error) {
      options.giveUp(peer, connection, asSkeinError(error));
      throw error;
    } finally {
      wish.isGreeting = false;
    }
  };

  /** One handshake at a time with each peer, so that it can be told which of two crossed. */
  const greet = async (peer: PeerId, wish: Wish, way: Way): Promise<void> => {
    while (wish.greeting !== undefined) await wish.greeting.catch(() => undefined);
    const greeting = sayHello(peer, wish, way);
    wish.greeting = greeting;
    try {
      await greeting;
    } finally {
      wish.greeting = undefined;
    }
  };

  const tryDirect = async (peer: PeerId, wish: Wish, answered: () => void): Promise<void> => {
    const won = await firstOpen<string, Connection>({
      ways: wish.addresses.filter((address) => parseRelayHint(address) === undefined),
      clock,
      signal: stopping.signal,
      attempt: async (address, signal) => {
        const where = await toMultiaddr(parseHostPort(address), peer);
        return await within(clock, signal, DIAL_DEADLINE_MS, (own) =>
          wire.dial(where, own, answered),
        );
      },
      failed: (address, error) => note(peer, wish, address, error),
      late: (connection) => connection.abort(superseded()),
    });
    if (won === undefined) return;
    const way = { connection: won.opened, via: undefined, address: won.way };
    await greet(peer, wish, way).catch((error: unknown) => note(peer, wish, won.way, error));
  };

  /** Those that the peer itself names, then some of those that this one is linked to, by lot. */
  const relaysTo = (peer: PeerId, wish: Wish): readonly PeerId[] => {
    const named = wish.addresses.flatMap((address) => parseRelayHint(address) ?? []);
    const others = options.neighbours().filter((one) => one !== peer && !named.includes(one));
    return [...named, ...shuffled(random, others).slice(0, RELAYS_ASKED)];
  };

  const tryRelays = async (peer: PeerId, wish: Wish): Promise<void> => {
    const won = await firstOpen<PeerId, Connection>({
      ways: relaysTo(peer, wish),
      clock,
      signal: stopping.signal,
      attempt: (via, signal) =>
        within(clock, signal, DIAL_DEADLINE_MS, async (own) => {
          const connection = await options.direct(via);
          if (connection === undefined) throw notLinked(via);
          return await relay.dial(connection, peer, own);
        }),
      failed: (via, error) =>
        log.debug('relay refused', { peer, relay: via, error: String(error) }),
      late: (connection) => connection.abort(superseded()),
    });
    if (won === undefined) return;
    const way = { connection: won.opened, via: won.way, address: undefined };
    await greet(peer, wish, way).catch((error: unknown) =>
      log.debug('relayed link failed', { peer, relay: won.way, error: String(error) }),
    );
  };

  return {
    find: async (peer, wish, answered) => {
      let isAnswered = false;
      const direct = tryDirect(peer, wish, () => {
        isAnswered = true;
        answered();
      });
      await Promise.race([direct, wait(clock, RELAY_AFTER_MS)]);
      await Promise.race([direct, wait(clock, HEAR_MS)]);
      // Whoever is there is busy: through a relay it would be busier.
      if (isAnswered) await direct;
      if (isBetter(peer, wish, RELAYED)) await tryRelays(peer, wish);
      await direct;
    },
    stop: () => stopping.abort(new SkeinError('stopped', 'this peer stops')),
  };
}

/** Any relay: worse than a direct link, better than none. */
const RELAYED: Pick<Way, 'via'> = { via: '' };

function superseded(): SkeinError {
  return new SkeinError('conflict', 'another link came first');
}

const notLinked = (relay: PeerId): SkeinError =>
  new SkeinError('unavailable', `no direct link to the relay ${relay}`, { relay });
