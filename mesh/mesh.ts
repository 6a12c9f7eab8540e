// What the rest of a peer sees of the mesh: members, facts, refs to remote actors, byte streams.

import type { Duplex } from 'node:stream';
import type { RemoteResolver, Result } from '../runtime/index.ts';
import type { LinkReport, PeerId } from './transport.ts';

/** What a peer says of itself, each key written by that peer alone; JSON values. Hints: what must be exact is in the log. */
export interface NodeFacts {
  /** The peer's name: the name of its Node object. */
  readonly name?: string;
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Address of its API, `https://host:port`. */
  readonly api?: string;
  /** Address its fronts and NodePorts are bound to. */
  readonly nodeAddress?: string;
  readonly version?: string;
  /** It votes and keeps the log of its zone, and runs no pods. */
  readonly isWitness?: boolean;
  /** Rounded load of the machine: fractions of capacity, 0 to 1. */
  readonly load?: { readonly cpu: number; readonly memory: number };
  readonly [key: string]: unknown;
}

export type MemberStatus = 'alive' | 'suspect' | 'dead' | 'left';

export interface Member {
  readonly peer: PeerId;
  readonly status: MemberStatus;
  readonly incarnation: number;
  readonly addresses: readonly string[];
  readonly facts: NodeFacts;
}

export type MemberEvent =
  | { readonly type: 'status'; readonly member: Member; readonly was: MemberStatus | undefined }
  | { readonly type: 'facts'; readonly member: Member };

export interface Mesh {
  readonly self: PeerId;
  /** The one truth about who is here, this peer included, ordered by peer id. */
  readonly members: () => readonly Member[];
  readonly member: (peer: PeerId) => Member | undefined;
  readonly memberNamed: (name: string) => Member | undefined;
  /** Returns how to stop. */
  readonly onMember: (changed: (event: MemberEvent) => void) => () => void;
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
