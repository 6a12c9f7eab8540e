// A link to one member: an admitted connection and its lanes. And the wish to have one.
//
//   rising --all lanes open--> present --a better one is present, or both sides have no use for it--> retired --> closed
//      \                          |                                                    (what was sent still arrives)
//       \----- broken ------------+-- broken, silent, replaced by a newer one --> closed, and the mesh is told

import type { Connection } from '@libp2p/interface';
import type { Timer } from '../../runtime/index.ts';
import type { DatagramSession } from '../datagram/datagram-session.ts';
import type { Lane as LaneName, PeerId } from '../transport.ts';
import type { DialTry } from './dial-reasons.ts';
import type { Lane } from './lane.ts';

export const LANES: readonly LaneName[] = ['control', 'log', 'bulk'];

/** How a connection came about. */
export interface Way {
  readonly connection: Connection;
  /** The relay it goes through; undefined for a direct one. */
  readonly via: PeerId | undefined;
  /** Where the peer was dialled; undefined when it dialled, or is relayed. */
  readonly address: string | undefined;
}

export interface Link extends Way {
  readonly peer: PeerId;
  readonly lanes: Map<LaneName, Lane>;
  /** Undefined on a relayed link. */
  readonly datagrams: DatagramSession | undefined;
  /** Undefined until all lanes are there. */
  upSinceMs: number | undefined;
  /** A lane has ended while a better link rises: it is kept until that is there. */
  isEnding: boolean;
  heardMs: number;
  usedMs: number;
  askedMs: number;
  /** The number of the last echo that was asked for, and when. */
  echo: number;
  echoedMs: number;
  roundTripMs: number | undefined;
  retiredMs: number;
}

/** A wish to be linked, kept until `disconnect`. */
export interface Wish {
  addresses: readonly string[];
  /** For ever; else only while there is something to say. */
  isKept: boolean;
  /** Tries without a direct link since there was one. */
  failures: number;
  /** A peer that nobody asked to keep is not dialled again before this. */
  notBeforeMs: number;
  timer: Timer | undefined;
  isDialling: boolean;
  /** Its addresses changed since the search began. */
  isChanged: boolean;
  /** A handshake of this side that is under way; one at a time. */
  greeting: Promise<void> | undefined;
  /** Its hello is out. */
  isGreeting: boolean;
  /** Why each address did not do, the latest first. */
  tries: readonly DialTry[];
  /** Who waits for the link to be up. */
  waiters: ((connection: Connection | undefined) => void)[];
  /** Since when there is no link. */
  downSinceMs: number;
}

export function createWish(nowMs: number): Wish {
  return {
    addresses: [],
    isKept: false,
    failures: 0,
    notBeforeMs: 0,
    timer: undefined,
    isDialling: false,
    isChanged: false,
    greeting: undefined,
    isGreeting: false,
    tries: [],
    waiters: [],
    downSinceMs: nowMs,
  };
}

export function createLink(
  peer: PeerId,
  way: Way,
  datagrams: DatagramSession | undefined,
  nowMs: number,
): Link {
  return {
    ...way,
    peer,
    lanes: new Map(),
    datagrams,
    upSinceMs: undefined,
    isEnding: false,
    heardMs: nowMs,
    usedMs: nowMs,
    askedMs: -Infinity,
    echo: 0,
    echoedMs: -Infinity,
    roundTripMs: undefined,
    retiredMs: Infinity,
  };
}

/** A relayed link gives way to a direct one. */
export const givesWay = (link: Link, to: Pick<Way, 'via'>): boolean =>
  link.via !== undefined && to.via === undefined;
