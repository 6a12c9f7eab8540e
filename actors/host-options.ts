// What a person says when a peer is started, already checked, and what the started peer can be asked.

import type { Logger } from '../runtime/index.ts';
import type { Lifetimes } from './admission/issuer.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export const addressText = ({ host, port }: ListenAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

export interface HostTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** Flags of `skein up` and `skein join`. What is left out is found on disk, or has a default. */
export interface HostOptions {
  /** Default: the host's name, made a DNS label. */
  readonly name?: string;
  /** Default: the token's zone, or `default` for a founder. */
  readonly zone?: string;
  readonly dataDirectory: string;
  readonly meshListen: ListenAddress;
  /** Where others reach this peer when that is not where it listens; empty: nobody can dial it, it dials out. */
  readonly announce?: readonly ListenAddress[];
  /** How long the answers of other peers may take; default `lan`. */
  readonly network?: 'lan' | 'wan';
  readonly apiListen: ListenAddress;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly HostTaint[];
  readonly driver?: 'process' | 'cri';
  /** Votes and keeps the log of its zone, and runs no pods: for life, so it may be left out later. */
  readonly isWitness?: boolean;
  /** What an hour of this machine costs, as a decimal number. */
  readonly price?: string;
  /** ADDRESS and token; a peer that is a member already needs neither, unless its membership is over. */
  readonly join?: { readonly address: string; readonly token: string };
  /** How long certificates that this peer signs are good; default 400 and 365 days. Shorter ones are for tests of renewal. */
  readonly lifetimes?: Lifetimes;
  /** Of the log's files; default 64 MB. Smaller ones are changed more often, for tests of that. */
  readonly segmentBytes?: number;
  readonly log: Logger;
}

export interface HostedPeer {
  readonly name: string;
  readonly zone: string;
  readonly peerId: string;
  /** HOST:PORT. */
  readonly meshAddress: string;
  /** `https://HOST:PORT`. */
  readonly api: string;
  /** Where fronts and NodePorts of Services are bound; undefined at a witness. */
  readonly nodeAddress: string | undefined;
  /** Path of a kubeconfig with an administrator's certificate. */
  readonly kubeconfig: string;
  /**
   * Resolves when this peer has to end: it left the cluster (no error), it was removed from it, a part of it failed for
   * good, or, by `isFenced`, it has to start again at once.
   */
  readonly ended: Promise<Error | undefined>;
  /** Hands leadership over and closes; membership, vote and pods stay, but for those of a peer that was removed. */
  readonly stop: () => Promise<void>;
  /** Ends the pods of this machine; its data stays. For `npm start`. */
  readonly stopPods: () => Promise<void>;
}
