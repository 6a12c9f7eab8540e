// The links there are: rising, present, retired. Their lanes, their order when one takes the place of another, their care.

import type { Connection, Stream } from '@libp2p/interface';
import { SkeinError, wait } from '../../runtime/index.ts';
import type { Clock, Logger, Timer } from '../../runtime/index.ts';
import type { Datagrams } from '../datagram/datagrams.ts';
import type { Lane as LaneName, PeerId } from '../transport.ts';
import type { AdmissionGate } from './admission-gate.ts';
import type { GatedRegistrar } from './gated-registrar.ts';
import { openLane } from './lane.ts';
import { CARE_INTERVAL_MS, careFor, mayEnd } from './link-care.ts';
import type { CaredLink } from './link-care.ts';
import { openLinkDatagrams } from './link-datagrams.ts';
import type { DatagramTerms } from './link-datagrams.ts';
import { decodeLinkWord, encodeLinkWord, isLinkWord } from './link-words.ts';
import type { LinkWord } from './link-words.ts';
import { admitMuxerOf } from './muxer-guard.ts';
import { createLink, givesWay, LANES } from './link.ts';
import type { Link, Way } from './link.ts';

/** What an old link still carries is waited for before the one in its place is heard; and it is closed after this. */
const HAND_OVER_MS = 2_000;

/** Care that comes so late means that this peer stood still: what it did not hear meanwhile proves nothing. */
const STALL_MS = 500;

export interface LinkSetOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly gate: AdmissionGate;
  readonly registrar: GatedRegistrar;
  /** Whether this peer asked to keep a link to that one. */
  readonly isKept: (peer: PeerId) => boolean;
  /** Whether streams of this protocol are somebody's use of a link. */
  readonly isUse: (protocol: string) => boolean;
  readonly datagrams: Datagrams;
  readonly datagram: (from: PeerId, bytes: Uint8Array) => void;
  readonly frame: (from: PeerId, lane: LaneName, frame: Uint8Array) => void;
  /** It may have taken the place of one that was worse. */
  readonly up: (link: Link) => void;
  /** It broke. */
  readonly down: (link: Link) => void;
  /** It ended because both sides had no use for it. */
  readonly ended: (link: Link) => void;
  /** A link, or one that was being made, is gone and there is no other. */
  readonly vacant: (peer: PeerId) => void;
}

export interface LinkSet {
  /** The link that is up. */
  readonly present: (peer: PeerId) => Link | undefined;
  /** A link is there, or being opened. */
  readonly has: (peer: PeerId) => boolean;
  readonly all: () => readonly Link[];
  /** The link of this connection, unless it is out of use. */
  readonly over: (peer: PeerId, connection: Connection) => Link | undefined;
  /** Whether a link by this way would be the first to this peer, or better than the one there is. */
  readonly isBetter: (peer: PeerId, way: Pick<Way, 'via'>) => boolean;
  /** Begins a link over an admitted connection, in place of any other that does not give way to it in order. */
  readonly begin: (peer: PeerId, way: Way, terms: DatagramTerms) => Link;
  readonly addLane: (link: Link, name: LaneName, stream: Stream) => void;
  readonly drop: (link: Link, reason: Error) => void;
  /** Drops all links to this peer, those out of use too. */
  readonly dropAll: (peer: PeerId | undefined, reason: Error) => void;
  readonly closed: (connection: Connection) => void;
  readonly start: () => void;
  readonly stop: () => void;
}

export function createLinkSet(options: LinkSetOptions): LinkSet {
  const { clock, log, gate, registrar } = options;
  // A link is in one of these at most. A rising one beside a present one is to take its place.
  const rising = new Map<PeerId, Link>();
  const present = new Map<PeerId, Link>();
  const retired = new Set<Link>();
  let careTimer: Timer | undefined;

  const cared = (link: Link): CaredLink => ({
    ...link,
    isKept: options.isKept(link.peer),
    isBusy: link.connection.streams.some(
      ({ protocol }) => protocol !== undefined && options.isUse(protocol),
    ),
  });

  const drop = (link: Link, reason: Error): void => {
    const { peer } = link;
    const wasPresent = present.get(peer) === link;
    const wasRising = rising.get(peer) === link;
    if (wasPresent) present.delete(peer);
    else if (wasRising) rising.delete(peer);
    else if (!retired.delete(link)) return;
    for (const lane of link.lanes.values()) lane.close();
    link.datagrams?.close();
    gate.forget(link.connection);
    link.connection.abort(reason);
    if (wasPresent) {
      registrar.disconnected(link.connection.remotePeer);
      log.debug('link lost', { peer, reason: reason.message });
      options.down(link);
    }
    // The other side had begun to end the one that this was to replace.
    const old = present.get(peer);
    if (wasRising && old?.isEnding === true) drop(old, reason);
    if (!present.has(peer) && !rising.has(peer)) options.vacant(peer);
  };

  /** Takes the link out of use in order: what was sent arrives, nobody is told. */
  const retire = (link: Link): void => {
    if (present.get(link.peer) === link) present.delete(link.peer);
    registrar.disconnected(link.connection.remotePeer);
    link.retiredMs = clock.monotonicMs();
    retired.add(link);
    link.datagrams?.close();
  };
  const finish = (link: Link): void => {
    for (const lane of link.lanes.values()) lane.finish();
  };

  /** Begins a link over an admitted connection, in place of any other that does not give way to it in order. */
  const begin = (peer: PeerId, way: Way, terms: DatagramTerms): Link => {
    const replaced = new Error('replaced by a newer link');
    const [before, old] = [rising.get(peer), present.get(peer)];
    const received = (bytes: Uint8Array): void => {
      // No sign of life of the link: datagrams may pass where its own packets vanish.
      if (present.get(peer) === link) options.datagram(peer, bytes);
    };
    const session = openLinkDatagrams(options.datagrams, way.connection, terms, received);
    const link = createLink(peer, way, session, clock.monotonicMs());
    if (before !== undefined) drop(before, replaced);
    if (old !== undefined && !givesWay(old, way)) drop(old, replaced);
    rising.set(peer, link);
    gate.admit(way.connection);
    return link;
  };

  const rise = (link: Link): void => {
    const { peer, connection } = link;
    const nowMs = clock.monotonicMs();
    rising.delete(peer);
    const old = present.get(peer);
    if (old !== undefined) {
      retire(old);
      finish(old);
    }
    present.set(peer, link);
    link.upSinceMs = nowMs;
    link.heardMs = nowMs;
    registrar.connected(connection.remotePeer, connection);
    log.debug('link up', { peer, via: link.via ?? 'direct' });
    echo(link, nowMs);
    options.up(link);
  };

  const addLane = (link: Link, name: LaneName, stream: Stream): void => {
    if (rising.get(link.peer) !== link || link.lanes.has(name)) {
      stream.abort(new Error('not a lane of the present link'));
      return;
    }
    const before = present.get(link.peer)?.lanes.get(name);
    const lane = openLane(
      stream,
      name,
      (frame) => onFrame(link, name, frame),
      (error) => onLaneLost(link, error),
      before && Promise.race([before.ended, wait(clock, HAND_OVER_MS)]),
    );
    link.lanes.set(name, lane);
    admitMuxerOf(stream);
    if (link.lanes.size === LANES.length) rise(link);
  };

  const onLaneLost = (link: Link, error: Error): void => {
    if (retired.has(link)) {
      finish(link);
      return;
    }
    const next = rising.get(link.peer);
    if (next !== undefined && present.get(link.peer) === link && givesWay(link, next)) {
      link.isEnding = true;
      return;
    }
    drop(link, error);
  };

  const onFrame = (link: Link, name: LaneName, frame: Uint8Array): void => {
    const nowMs = clock.monotonicMs();
    link.heardMs = nowMs;
    if (name === 'control' && isLinkWord(frame)) {
      const word = decodeLinkWord(frame);
      if (word !== undefined) onWord(link, word, nowMs);
      return;
    }
    link.usedMs = nowMs;
    options.frame(link.peer, name, frame);
  };

  const say = (link: Link, word: LinkWord): void => {
    link.lanes.get('control')?.send(encodeLinkWord(word));
  };
  const echo = (link: Link, nowMs: number): void => {
    link.echo += 1;
    link.echoedMs = nowMs;
    say(link, { type: 'echo', value: link.echo });
  };

  const onWord = (link: Link, { type, value }: LinkWord, nowMs: number): void => {
    if (type === 'echo') say(link, { type: 'reply', value });
    else if (type === 'reply') {
      if (value === link.echo) link.roundTripMs = nowMs - link.echoedMs;
    } else if (present.get(link.peer) === link) {
      if (type === 'may-end') {
        if (!mayEnd(cared(link), value, nowMs)) return;
        say(link, { type: 'ended', value: 0 });
      }
      log.debug('unused link ended', { peer: link.peer });
      retire(link);
      // Whoever agreed ends its lanes only after the other side has: their end must not overtake the word.
      if (type === 'ended') finish(link);
      options.ended(link);
    }
  };

  const care = (dueMs: number): void => {
    const nowMs = clock.monotonicMs();
    const lateMs = nowMs - dueMs;
    if (lateMs >= STALL_MS) for (const link of present.values()) link.heardMs += lateMs;
    for (const step of careFor([...present.values()].map(cared), nowMs)) {
      const link = present.get(step.peer);
      if (link === undefined) continue;
      if (step.type === 'echo') echo(link, nowMs);
      else if (step.type === 'lost') {
        const seconds = Math.round(step.silentMs / 1000);
        drop(link, new SkeinError('timeout', `nothing was heard for ${seconds} s`));
      } else {
        link.askedMs = nowMs;
        say(link, { type: 'may-end', value: step.unusedMs });
      }
    }
    for (const link of retired) {
      if (nowMs - link.retiredMs < HAND_OVER_MS || cared(link).isBusy) continue;
      drop(link, new Error('out of use'));
    }
    timeCare();
  };
  const timeCare = (): void => {
    const dueMs = clock.monotonicMs() + CARE_INTERVAL_MS;
    careTimer = clock.setTimer(CARE_INTERVAL_MS, () => care(dueMs));
  };

  const over = (peer: PeerId, connection: Connection): Link | undefined =>
    [rising.get(peer), present.get(peer)].find((link) => link?.connection === connection);
  const all = (): readonly Link[] => [...rising.values(), ...present.values(), ...retired];

  return {
    present: (peer) => present.get(peer),
    has: (peer) => rising.has(peer) || present.has(peer),
    all: () => [...present.values()],
    over,
    isBetter: (peer, way) =>
      [rising.get(peer), present.get(peer)].every(
        (link) => link === undefined || givesWay(link, way),
      ),
    begin,
    addLane,
    drop,
    dropAll: (peer, reason) => {
      for (const link of all()) if (peer === undefined || link.peer === peer) drop(link, reason);
    },
    closed: (connection) => {
      gate.forget(connection);
      const reason = new Error('connection closed');
      for (const link of all()) if (link.connection === connection) drop(link, reason);
    },
    start: timeCare,
    stop: () => careTimer?.cancel(),
  };
}
