// Blocks of internet addresses (`10.0.0.0/8`), and the one way to write an address.

import { isIpv4, isIpv6 } from './ip-addresses.ts';

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface Cidr extends Address {
  /** Leading bits that all addresses of the block share. */
  readonly bits: number;
}

/** What a text that is no block is told. */
export const CIDR_PROBLEM = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/96)';

const widthOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/** Undefined for a text that is no address. */
export function parseAddress(text: string): Address | undefined {
  if (isIpv4(text)) return { family: 4, value: joined(text.split('.').map(Number), 8n) };
  return isIpv6(text) ? { family: 6, value: joined(groupsOf(text), 16n) } : undefined;
}

const joined = (parts: readonly number[], width: bigint): bigint =>
  parts.reduce((value, part) => (value << width) | BigInt(part), 0n);

/** The eight groups of an IPv6 address. */
function groupsOf(text: string): number[] {
  const [front = [], tail] = text.split('::').map(groupsOfHalf);
  if (tail === undefined) return front;
  return [...front, ...Array.from({ length: 8 - front.length - tail.length }, () => 0), ...tail];
}

const groupsOfHalf = (half: string): number[] =>
  half === ''
    ? []
    : half.split(':').flatMap((group) => {
        if (!group.includes('.')) return [Number.parseInt(group, 16)];
        const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
        return [a * 256 + b, c * 256 + d];
      });

/** Undefined for a text that is no block. Bits beyond the prefix may be set. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match === null ? undefined : parseAddress(match[1]!);
  if (address === undefined) return undefined;
  const bits = Number(match![2]);
  return bits > widthOf(address.family) ? undefined : { ...address, bits };
}

/** Is every address of `inner` in `outer`? */
export function cidrContains(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || outer.bits > inner.bits) return false;
  const rest = BigInt(widthOf(outer.family) - outer.bits);
  return outer.value >> rest === inner.value >> rest;
}

/** The one way to write an address (RFC 5952). */
export function formatAddress({ family, value }: Address): string {
  const [count, width] = family === 4 ? [4, 8n] : [8, 16n];
  const parts = Array.from({ length: count }, (_, i) =>
    Number((value >> (BigInt(count - 1 - i) * width)) & ((1n << width) - 1n)),
  );
  if (family === 4) return parts.join('.');
  const text = parts.map((part) => part.toString(16)).join(':');
  const zeros = [...text.matchAll(/\b0(:0)+\b/g)].map(([run]) => run);
  const longest = zeros.reduce((best, run) => (run.length > best.length ? run : best), '');
  return longest === '' ? text : shortened(text, longest);
}

function shortened(text: string, run: string): string {
  const at = text.search(new RegExp(`(^|(?<=:))${run}($|(?=:))`));
  const [before, after] = [text.slice(0, at), text.slice(at + run.length)];
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}

/** The one way to write a block: no bits beyond the prefix. */
export function formatCidr({ family, value, bits }: Cidr): string {
  const rest = BigInt(widthOf(family) - bits);
  return `${formatAddress({ family, value: (value >> rest) << rest })}/${bits}`;
}
