// What the rest of a peer sees of the mesh: members, facts, refs to remote actors, byte streams.

import type { Duplex } from 'node:stream';
import type { RemoteResolver, Result } from '../runtime/index.ts';
import type { LinkReport, PeerId } from './transport.ts';

/** Quantities as they stand in a Node's status. */
type Amounts = Readonly<Record<'cpu' | 'memory' | 'pods', string>>;

/**
 * What a peer says of itself, signed by that peer alone; JSON values. Readers find only what has the right shape
 * (`fact-values.ts`). Hints: what must be exact is in the log.
 */
export interface NodeFacts {
  /** The peer's name: the name of its Node object. */
  readonly name?: string;
  readonly zone?: string;
  /** Those of its Node object, as it is told of them by the log. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly {
    readonly key: string;
    readonly value?: string | undefined;
    readonly effect: string;
  }[];
  /** No new pods: `kubectl cordon`, or on its way out. */
  readonly isCordoned?: boolean;
  /** Container drivers it offers, by name. */
  readonly drivers?: readonly string[];
  readonly capacity?: Amounts;
  readonly allocatable?: Amounts;
  /** What the pods bound to it hold together. */
  readonly allocated?: {
    readonly cpuMillis: number;
    readonly memoryBytes: number;
    readonly pods: number;
  };
  /** Rounded load of the machine: fractions of capacity, 0 to 1. */
  readonly load?: { readonly cpu: number; readonly memory: number };
  /** What an hour of it costs, as its operator says. */
  readonly price?: string | undefined;
  readonly version?: string;
  /** Version of what peers say to each other. */
  readonly protocol?: number;
  /** Address of its API, `https://host:port`. */
  readonly api?: string;
  /** Address its fronts and NodePorts are bound to. */
  readonly nodeAddress?: string;
  /** It votes and keeps the log of its zone, and runs no pods. */
  readonly isWitness?: boolean;
  /** Uids of its pods that do not serve although the log may still say so. Only ever takes endpoints away. */
  readonly unready?: readonly string[] | undefined;
  readonly [key: string]: unknown;
}

export type MemberStatus = 'alive' | 'suspect' | 'dead' | 'left';

export interface Member {
  readonly peer: PeerId;
  readonly status: MemberStatus;
  readonly incarnation: number;
  readonly addresses: readonly string[];
  readonly facts: NodeFacts;
  /** When this peer learned the newest of these facts, by its own wall clock; undefined when there are none. */
  readonly factsMs?: number | undefined;
}

export type MemberEvent =
  | { readonly type: 'status'; readonly member: Member; readonly was: MemberStatus | undefined }
  | { readonly type: 'facts'; readonly member: Member; readonly keys: readonly string[] };

/** How this peer sees the whole: whether many fell silent at once, as when a network breaks. */
export interface Outlook {
  readonly state: 'whole' | 'partitioned';
  /** Members alive and not suspected, this peer included. */
  readonly alive: number;
  /** Members that fell silent a short while ago and are not back. */
  readonly silent: number;
  /** Since when, on the local monotonic clock. */
  readonly sinceMs: number;
}

export interface Mesh {
  readonly self: PeerId;
  /** The one truth about who is here, this peer included, ordered by peer id. */
  readonly members: () => readonly Member[];
  readonly member: (peer: PeerId) => Member | undefined;
  readonly memberNamed: (name: string) => Member | undefined;
  /** Returns how to stop. */
  readonly onMember: (changed: (event: MemberEvent) => void) => () => void;
  /** While it is `partitioned`, the silent are given longer, and nothing should be done in haste about them. */
  readonly outlook: () => Outlook;
  /** Hears of each change of the outlook's state. Returns how to stop. */
  readonly onOutlook: (changed: (outlook: Outlook) => void) => () => void;
  /** Replaces these keys of this peer's own facts; undefined removes one. */
  readonly setFacts: (facts: NodeFacts) => void;
  /** Delivers actor messages to other peers; plugged into the actor system. */
  readonly resolver: RemoteResolver;
  readonly openStream: (to: PeerId, protocol: string, header: unknown) => Promise<Result<Duplex>>;
  /** One handler per protocol; the header is untrusted. Returns how to stop. */
  readonly handleStream: (
    protocol: string,
    handler: (from: PeerId, header: unknown, stream: Duplex) => void,
  ) => () => void;
  /** How this peer reaches each other one it knows, ordered by peer id. */
  readonly links: () => readonly LinkReport[];
  /** Tells everybody that this peer leaves for good. */
  readonly leave: () => Promise<void>;
  readonly stop: () => Promise<void>;
}
