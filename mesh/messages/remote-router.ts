// Carries actor messages between peers: addresses out, live refs in, each path on its lane.

import { parseAddress } from '../../runtime/index.ts';
import type {
  ActorSystem,
  Address,
  Logger,
  RemoteResolver,
  SkeinError,
} from '../../runtime/index.ts';
import { decodeEnvelope, encodeEnvelope } from './envelope.ts';
import type { MeshView } from '../mesh-view.ts';
import type { MemberStatus } from '../mesh.ts';
import type { Lane, PeerId, Transport } from '../transport.ts';

/** The log's replicas talk on a lane of their own, so that a tail of entries delays nothing else. */
const LOG_PATH = 'zone-log';
/** What follows it in the path that snapshots go to: in bulk, so that none delays an entry or a heartbeat. */
const SNAPSHOTS_ENDING = '-snapshots';

/** What addresses begin with. */
const SCHEME = 'skein://';

/** Only ever grow. */
export interface RouterCounters {
  sent: number;
  /** No link and none can be made, or the lane was full. */
  undeliverable: number;
  /** Too large or not encodable. */
  unsendable: number;
  received: number;
  /** Refused by the actor system: no such actor, no schema, it does not fit, or it claims to be of another peer. */
  refused: number;
}

export interface RemoteRouter {
  readonly resolver: RemoteResolver;
  /** A frame that starts with ENVELOPE_V2. Returns what is wrong with a malformed one. */
  readonly incoming: (from: PeerId, frame: Uint8Array) => SkeinError | undefined;
  /** A link went down: whoever waits for an answer of that peer is told. */
  readonly linkLost: (peer: PeerId) => void;
  readonly counters: RouterCounters;
}

export function createRemoteRouter(
  transport: Transport,
  system: ActorSystem,
  view: MeshView,
  log: Logger,
): RemoteRouter {
  const counters: RouterCounters = {
    sent: 0,
    undeliverable: 0,
    unsendable: 0,
    received: 0,
    refused: 0,
  };

  const send = (to: Address, message: unknown): boolean => {
    const route = routeOf(to);
    if (route === undefined) return false;
    const frame = encodeEnvelope(transport.self, to, message);
    if (!frame.ok) {
      counters.unsendable += 1;
      log.error('message not sent', { to, error: frame.error.message });
      return false;
    }
    const isSent = transport.send(route.peer, route.lane, frame.value);
    if (isSent) counters.sent += 1;
    else counters.undeliverable += 1;
    return isSent;
  };

  const incoming = (from: PeerId, frame: Uint8Array): SkeinError | undefined => {
    counters.received += 1;
    const envelope = decodeEnvelope({ from, to: transport.self }, frame, (address) =>
      system.refFrom<never>(from, address),
    );
    if (!envelope.ok) return envelope.error;
    const refusal = system.deliver(from, envelope.value.to, envelope.value.message);
    if (refusal === undefined) return undefined;
    counters.refused += 1;
    log.debug('message refused', { from, to: envelope.value.to, reason: refusal });
    return undefined;
  };

  /** Only a verdict of the membership counts: a lost link may be back in a moment. */
  const watch = (address: Address, lost: () => void): (() => void) => {
    const peer = parseAddress(address)?.peer;
    const stop = view.onMember((event) => {
      const { member } = event;
      if (event.type !== 'status' || member.peer !== peer) return;
      if (!isGone(member.status)) return;
      stop();
      lost();
    });
    return stop;
  };

  const linkLost = (peer: PeerId): void => system.linkLost(peer);
  // A frozen peer may hold its link for long; once it is given up, nobody waits for its answers.
  view.onMember(({ type, member }) => {
    if (type === 'status' && isGone(member.status)) linkLost(member.peer);
  });

  return { resolver: { send, watch }, incoming, linkLost, counters };
}

const isGone = (status: MemberStatus): boolean => status === 'dead' || status === 'left';

/** Reads peer and lane off an address without taking it apart: this runs for each message. */
function routeOf(to: Address): { readonly peer: PeerId; readonly lane: Lane } | undefined {
  const end = to.indexOf('/', SCHEME.length);
  if (end < 0) return undefined;
  return { peer: to.slice(SCHEME.length, end), lane: laneOf(to, end + 1) };
}

function laneOf(to: Address, path: number): Lane {
  if (!to.startsWith(LOG_PATH, path)) return 'control';
  const rest = path + LOG_PATH.length;
  if (endsPath(to[rest])) return 'log';
  const isBulk =
    to.startsWith(SNAPSHOTS_ENDING, rest) && endsPath(to[rest + SNAPSHOTS_ENDING.length]);
  return isBulk ? 'bulk' : 'control';
}

/** What may follow the name of an actor: nothing, a child, the id of a question. */
const endsPath = (after: string | undefined): boolean =>
  after === undefined || after === '/' || after === '#';
