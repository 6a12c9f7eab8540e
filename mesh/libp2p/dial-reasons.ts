// Why a peer could not be dialled at an address, as a sentence that says what to look at. Pure.

import { SkeinError } from '../../runtime/index.ts';
import { DIAL_REASON } from '../links/dial-reason.ts';

/** Addresses of one peer whose last try is remembered. */
const TRIES_LIMIT = 16;

export interface DialTry {
  readonly address: string;
  /** Ends the sentence "ADDRESS: ". */
  readonly reason: string;
}

/** What errors of Node and of libp2p have in common; each may lack any of it. */
interface ThrownThing {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly cause: unknown;
  readonly errors: unknown;
}

/** The causes of an error, outermost first; libp2p wraps, and joins several in one. */
function causesOf(error: unknown): readonly { readonly name: string; readonly text: string }[] {
  const found: { name: string; text: string }[] = [];
  const visit = (one: unknown, depth: number): void => {
    if (depth > 4 || typeof one !== 'object' || one === null) return;
    const { name, message, code, cause, errors } = one as Partial<ThrownThing>;
    found.push({ name: name ?? '', text: `${code ?? ''} ${message ?? ''}` });
    visit(cause, depth + 1);
    if (Array.isArray(errors)) for (const each of errors) visit(each, depth + 1);
  };
  visit(error, 0);
  return found;
}

const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/UnexpectedPeer|InvalidCryptoExchange|does not match expected/, DIAL_REASON.stranger],
  [/ECONNREFUSED/, DIAL_REASON.refused],
  [/EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/, DIAL_REASON.noRoute],
  [/ECONNRESET|EPIPE|UnexpectedEOF/, DIAL_REASON.closed],
  [/Timeout|ETIMEDOUT|AbortError|not done within/, DIAL_REASON.silent],
];

/** What `error` says of the address that was dialled, or of the peer that answered. */
export function reasonOf(error: unknown): string {
  if (error instanceof SkeinError && error.code !== 'unavailable') return error.message;
  const causes = causesOf(error);
  for (const [pattern, reason] of KNOWN) {
    if (causes.some(({ name, text }) => pattern.test(name) || pattern.test(text))) return reason;
  }
  return error instanceof Error ? error.message : String(error);
}

/** The tries with this one in front, one for each address. */
export function withTry(tries: readonly DialTry[], latest: DialTry): readonly DialTry[] {
  const others = tries.filter(({ address }) => address !== latest.address);
  return [latest, ...others].slice(0, TRIES_LIMIT);
}

/** All tries as one sentence; undefined when there was none. */
export function triesText(tries: readonly DialTry[]): string | undefined {
  if (tries.length === 0) return undefined;
  return tries.map(({ address, reason }) => `${address}: ${reason}`).join('; ');
}
