// The Transport over libp2p: TCP, noise, yamux and gossipsub, all of it behind the port.

import './promise-with-resolvers.ts';
import type { Duplex } from 'node:stream';
import { TopicValidatorResult } from '@libp2p/interface';
import type { IncomingStreamData } from '@libp2p/interface';
import { z } from 'zod';
import { asSkeinError, assert, failed, ok, pack, SkeinError, unpack } from '../../runtime/index.ts';
import type { Clock, Logger, Random, Result } from '../../runtime/index.ts';
import { createDatagrams } from '../datagram/datagrams.ts';
import type { Datagrams } from '../datagram/datagrams.ts';
import { openUdpSocket } from '../datagram/udp-datagram-socket.ts';
import { createFrameReader, framed } from '../messages/framing.ts';
import type { Identity } from '../belonging/identity.ts';
import { JOIN_PROTOCOL } from '../belonging/join-transcript.ts';
import type { MembershipAuthority } from '../belonging/membership-authority.ts';
import { HINT_TOPIC } from '../mesh-state.ts';
import { formatRelayHint } from '../links/relay-hint.ts';
import type { AuthorityKeys } from '../belonging/token.ts';
import type { PeerId, Transport, TransportHandlers } from '../transport.ts';
import { createAdmissionGate } from './admission-gate.ts';
import type { AdmissionGate } from './admission-gate.ts';
import { toDuplex } from './byte-stream.ts';
import { createGatedRegistrar } from './gated-registrar.ts';
import { formatHostPort, fromMultiaddr, parseHostPort, toMultiaddr } from './host-ports.ts';
import { createJoinAcceptor } from './join-acceptor.ts';
import { createLinks } from './links.ts';
import type { Links } from './links.ts';
import type { MemberVerdict } from './member-handshake.ts';
import { createMemberNode, startNode, STREAMS_LIMIT } from './node.ts';
import type { MemberNode } from './node.ts';
import { libp2pKey } from './peer-ids.ts';

const STREAM_PROTOCOL = '/skein/stream/1';

/** The header of a byte stream, encoded. */
const HEADER_LIMIT_BYTES = 64 * 1024;

/** An opened stream must bring its header within this. */
const HEADER_DEADLINE_MS = 10_000;

/** Topics on which hints are accepted; any other is not even decoded. */
const TOPICS: readonly string[] = [HINT_TOPIC];

/** What gossipsub calls them. */
const VERDICTS = {
  'pass on': TopicValidatorResult.Accept,
  drop: TopicValidatorResult.Ignore,
  refuse: TopicValidatorResult.Reject,
} as const;

export interface Libp2pTransportOptions {
  readonly identity: Identity;
  /** `host:port` to listen on; port 0 takes any. */
  readonly listen: string;
  /** `host:port` at which others reach this peer, when that is not what it listens on; empty when nobody can dial it. */
  readonly announce?: readonly string[];
  readonly cluster: string;
  /** The cluster's public keys, as pinned by the token or made by the founder. */
  readonly authority: AuthorityKeys;
  /** This peer's membership certificate; asked for with each handshake, so that a renewed one is used at once. */
  readonly certificate: () => Uint8Array;
  readonly membership: Pick<MembershipAuthority, 'redeem' | 'standing'>;
  /** Told what other peers say of this one's membership, with each handshake. */
  readonly onVerdict?: (verdict: MemberVerdict) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface Libp2pTransport extends Transport {
  /** What is behind the port, for those who measure it; undefined until started. */
  readonly inside: () => Pick<Running, 'node' | 'gate'> | undefined;
}

interface Running {
  readonly node: MemberNode;
  readonly gate: AdmissionGate;
  readonly links: Links;
  readonly datagrams: Datagrams;
}

const streamHeader = z.object({ protocol: z.string().max(256), header: z.unknown() });

export function createLibp2pTransport(options: Libp2pTransportOptions): Libp2pTransport {
  const self = options.identity.peer;
  let running: Running | undefined;
  let known: readonly string[] = options.announce ?? [];

  return {
    self,
    start: async (handlers) => {
      assert(running === undefined, 'the transport is started twice');
      running = await startTransport(options, handlers);
    },
    stop: async () => {
      const was = running;
      running = undefined;
      was?.links.stop();
      was?.datagrams.stop();
      await was?.node.stop();
    },
    addresses: () => {
      // Of a transport that has stopped: as they were. Whoever asks then did not move.
      if (running !== undefined) {
        const own = options.announce ?? listened(running.node);
        known = [...own, ...running.links.hints().map(formatRelayHint)];
      }
      return known;
    },
    connect: (peer, addresses) => running?.links.connect(peer, addresses),
    reach: (peer, addresses) => running?.links.reach(peer, addresses),
    disconnect: (peer) => running?.links.disconnect(peer),
    isLinked: (peer) => running?.links.isLinked(peer) ?? false,
    send: (to, lane, frame) => running?.links.send(to, lane, frame) ?? false,
    sendDatagram: (to, bytes) => running?.links.sendDatagram(to, bytes) ?? false,
    publish: (topic, data) => {
      running?.node.services.pubsub.publish(topic, data).catch((error: unknown) => {
        options.log.debug('hint not published', { topic, error: String(error) });
      });
    },
    open: async (to, protocol, header) => {
      const links = running?.links;
      return links === undefined ? notLinked(to) : await openStream(links, to, protocol, header);
    },
    links: () => running?.links.report() ?? [],
    inside: () => running,
  };
}

async function startTransport(
  options: Libp2pTransportOptions,
  handlers: TransportHandlers,
): Promise<Running> {
  const { clock, random, log, identity } = options;
  const gate = createAdmissionGate(clock);
  const registrar = createGatedRegistrar(gate.isAdmitted, clock);
  const listen = await toMultiaddr(parseHostPort(options.listen));
  const node = await createMemberNode({
    key: libp2pKey(identity.signing),
    listen,
    gater: gate.gater,
    registrar,
    topics: TOPICS,
    clock,
  });
  const datagrams = createDatagrams({ self: identity.peer, clock, random, log });
  const links = createLinks({
    node,
    self: identity.peer,
    clock,
    random,
    log,
    gate,
    registrar,
    terms: (remote) => ({
      credentials: {
        cluster: options.cluster,
        authorityKey: options.authority.membershipKey,
        certificate: options.certificate(),
      },
      remote,
      wallMs: clock.wallMs(),
      standing: options.membership.standing,
      ...(options.onVerdict === undefined ? {} : { onVerdict: options.onVerdict }),
      datagram: datagrams.offer(),
    }),
    datagrams,
    datagram: handlers.datagram,
    frame: handlers.frame,
    dialsOut: options.announce?.length === 0,
    streamProtocol: STREAM_PROTOCOL,
    link: handlers.link,
  });
  await links.start();
  const joins = createJoinAcceptor({
    self: identity.peer,
    clock,
    log,
    gate,
    authority: () => options.authority,
    certificate: options.certificate,
    redeem: options.membership.redeem,
  });
  await node.handle(JOIN_PROTOCOL, joins, { maxInboundStreams: 1 });
  await node.handle(
    STREAM_PROTOCOL,
    (data) => acceptStream(data, links, gate, handlers, clock, log),
    {
      maxInboundStreams: STREAMS_LIMIT,
      maxOutboundStreams: STREAMS_LIMIT,
    },
  );
  try {
    await startNode(node, options.listen);
  } catch (error) {
    links.stop();
    throw error;
  }
  const at = {
    host: fromMultiaddr(listen)!.host,
    port: fromMultiaddr(node.services.wire.listened()[0]!)!.port,
  };
  await datagrams.start((received) => openUdpSocket(at, received, log));
  const { pubsub } = node.services;
  for (const topic of TOPICS) {
    // Heard as it is judged: gossipsub passes nothing on, and keeps nothing, that this peer would not say itself.
    pubsub.topicValidators.set(
      topic,
      (from, message) => VERDICTS[handlers.published(from.toString(), topic, message.data)],
    );
    pubsub.subscribe(topic);
  }
  return { node, gate, links, datagrams };
}

/**
 * What others may dial: never loopback when there is anything else. Asked of the sockets, for libp2p keeps public addresses
 * to itself until somebody has verified them.
 */
function listened(node: MemberNode): readonly string[] {
  const found = node.services.wire.listened().flatMap((address) => fromMultiaddr(address) ?? []);
  const outside = found.filter(({ host }) => !host.startsWith('127.') && host !== '::1');
  return (outside.length > 0 ? outside : found).map(formatHostPort);
}

async function openStream(
  links: Links,
  to: PeerId,
  protocol: string,
  header: unknown,
): Promise<Result<Duplex>> {
  const head = pack({ protocol, header });
  if (head.length > HEADER_LIMIT_BYTES) {
    return failed(
      new SkeinError(
        'too-large',
        `a stream header of ${head.length} bytes is over ${HEADER_LIMIT_BYTES}`,
      ),
    );
  }
  const connection = await links.obtain(to);
  if (connection === undefined) return notLinked(to);
  try {
    const stream = await connection.newStream(STREAM_PROTOCOL, {
      maxOutboundStreams: STREAMS_LIMIT,
    });
    const chunks = stream.source[Symbol.asyncIterator]();
    const moved = (): void => links.heard(to);
    return ok(toDuplex(stream, chunks, { before: framed(head), moved }));
  } catch (error) {
    return failed(
      new SkeinError('unavailable', `no stream to peer ${to}`, { peer: to, protocol }, error),
    );
  }
}

function acceptStream(
  { connection, stream }: IncomingStreamData,
  links: Links,
  gate: AdmissionGate,
  handlers: TransportHandlers,
  clock: Clock,
  log: Logger,
): void {
  const from = connection.remotePeer.toString();
  if (!gate.isAdmitted(connection)) {
    stream.abort(new SkeinError('unauthorized', 'not admitted'));
    return;
  }
  const late = clock.setTimer(HEADER_DEADLINE_MS, () => {
    stream.abort(new SkeinError('timeout', 'no header came'));
  });
  const accept = async (): Promise<void> => {
    const chunks = stream.source[Symbol.asyncIterator]();
    const heads: Uint8Array[] = [];
    const reader = createFrameReader(HEADER_LIMIT_BYTES, (frame) => {
      heads.push(frame);
      return false;
    });
    while (heads.length === 0) {
      const next = await chunks.next();
      if (next.done === true) throw new SkeinError('stopped', 'the stream ended before its header');
      for (const chunk of next.value) reader.push(chunk);
    }
    const { protocol, header } = streamHeader.parse(unpack(heads[0]!));
    late.cancel();
    handlers.stream(
      from,
      protocol,
      header,
      toDuplex(stream, chunks, { rest: reader.rest(), moved: () => links.heard(from) }),
    );
  };
  accept().catch((error: unknown) => {
    late.cancel();
    log.debug('stream refused', { from, error: String(error) });
    stream.abort(asSkeinError(error));
  });
}

function notLinked(to: PeerId): Result<never> {
  return failed(new SkeinError('unavailable', `no link to peer ${to} right now`, { peer: to }));
}
