// The Transport over libp2p: TCP, noise, yamux and gossipsub, all of it behind the port.

import './promise-with-resolvers.ts';
import type { Duplex } from 'node:stream';
import type { IncomingStreamData } from '@libp2p/interface';
import { Packr } from 'msgpackr';
import { z } from 'zod';
import { asSkeinError, assert, failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Clock, Logger, Random, Result } from '../../runtime/index.ts';
import { createFrameReader, framed } from '../framing.ts';
import type { Identity } from '../identity.ts';
import { JOIN_PROTOCOL } from '../join-transcript.ts';
import type { MembershipAuthority } from '../membership-authority.ts';
import { HINT_TOPIC } from '../mesh-state.ts';
import type { AuthorityKeys } from '../token.ts';
import type { PeerId, Transport, TransportHandlers } from '../transport.ts';
import { createAdmissionGate } from './admission-gate.ts';
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

export interface Libp2pTransportOptions {
  readonly identity: Identity;
  /** `host:port` to listen on; port 0 takes any. */
  readonly listen: string;
  /** `host:port` at which others reach this peer, when that is not what it listens on. */
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

interface Running {
  readonly node: MemberNode;
  readonly links: Links;
}

const packr = new Packr({ useRecords: false });
const streamHeader = z.object({ protocol: z.string().max(256), header: z.unknown() });

export function createLibp2pTransport(options: Libp2pTransportOptions): Transport {
  const self = options.identity.peer;
  let running: Running | undefined;

  const current = (): Running => {
    assert(running !== undefined, 'the transport is used before it has started');
    return running;
  };

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
      await was?.node.stop();
    },
    addresses: () => options.announce ?? listened(current().node),
    connect: (peer, addresses) => running?.links.connect(peer, addresses),
    reach: (peer, addresses) => running?.links.connect(peer, addresses),
    disconnect: (peer) => running?.links.disconnect(peer),
    isLinked: (peer) => running?.links.isLinked(peer) ?? false,
    send: (to, lane, frame) => running?.links.send(to, lane, frame) ?? false,
    sendDatagram: () => false,
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
  };
}

async function startTransport(
  options: Libp2pTransportOptions,
  handlers: TransportHandlers,
): Promise<Running> {
  const { clock, random, log, identity } = options;
  const gate = createAdmissionGate(clock);
  const registrar = createGatedRegistrar(gate.isAdmitted);
  const node = await createMemberNode({
    key: libp2pKey(identity.signing),
    listen: await toMultiaddr(parseHostPort(options.listen)),
    gater: gate.gater,
    registrar,
    topics: TOPICS,
  });
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
    }),
    frame: handlers.frame,
    link: handlers.link,
  });
  await links.start();
  const joins = createJoinAcceptor({
    self: identity.peer,
    log,
    gate,
    authority: () => options.authority,
    certificate: options.certificate,
    redeem: options.membership.redeem,
  });
  await node.handle(JOIN_PROTOCOL, joins, { maxInboundStreams: 1 });
  await node.handle(STREAM_PROTOCOL, (data) => acceptStream(data, links, handlers, clock, log), {
    maxInboundStreams: STREAMS_LIMIT,
    maxOutboundStreams: STREAMS_LIMIT,
  });
  await startNode(node, options.listen);
  node.services.pubsub.addEventListener('gossipsub:message', ({ detail }) => {
    const { propagationSource, msg } = detail;
    handlers.published(propagationSource.toString(), msg.topic, msg.data);
  });
  for (const topic of TOPICS) node.services.pubsub.subscribe(topic);
  return { node, links };
}

/** What others may dial: never loopback when there is anything else. */
function listened(node: MemberNode): readonly string[] {
  const found = node.getMultiaddrs().flatMap((address) => fromMultiaddr(address) ?? []);
  const outside = found.filter(({ host }) => !host.startsWith('127.') && host !== '::1');
  return (outside.length > 0 ? outside : found).map(formatHostPort);
}

async function openStream(
  links: Links,
  to: PeerId,
  protocol: string,
  header: unknown,
): Promise<Result<Duplex>> {
  const connection = links.connection(to);
  if (connection === undefined) return notLinked(to);
  const head = packr.pack({ protocol, header });
  if (head.length > HEADER_LIMIT_BYTES) {
    return failed(
      new SkeinError(
        'too-large',
        `a stream header of ${head.length} bytes is over ${HEADER_LIMIT_BYTES}`,
      ),
    );
  }
  try {
    const stream = await connection.newStream(STREAM_PROTOCOL, {
      maxOutboundStreams: STREAMS_LIMIT,
    });
    const chunks = stream.source[Symbol.asyncIterator]();
    return ok(toDuplex(stream, chunks, framed(head), undefined));
  } catch (error) {
    return failed(
      new SkeinError('unavailable', `no stream to peer ${to}`, { peer: to, protocol }, error),
    );
  }
}

function acceptStream(
  { connection, stream }: IncomingStreamData,
  links: Links,
  handlers: TransportHandlers,
  clock: Clock,
  log: Logger,
): void {
  const from = connection.remotePeer.toString();
  if (links.connection(from) !== connection) {
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
    const { protocol, header } = streamHeader.parse(packr.unpack(heads[0]!));
    late.cancel();
    handlers.stream(from, protocol, header, toDuplex(stream, chunks, undefined, reader.rest()));
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
