// What one peer tells the doctor of itself: how it reaches the others, its clock, its version. Small at any size of cluster.

import type { LinkReport, Member, Mesh, PeerId } from '../../mesh/index.ts';
import { z } from 'zod';

/** Links that are not direct, told one by one; of more, only how many. */
const TOLD_LIMIT = 64;

/** A link that has been up for less tells nothing yet of datagrams. */
const SETTLED_MS = 15_000;

const text = (length: number) => z.string().max(length);
const count = z.number().int().nonnegative();

const accountSchema = z.object({
  peer: text(128),
  name: text(253),
  version: text(64),
  wallMs: z.number(),
  /** `host:port` that it announces. */
  addresses: z.array(text(256)).max(64),
  direct: count,
  relayed: count,
  /** Round trips over direct links in ms, the slowest. */
  slowestMs: z.number().optional(),
  /** Links to living members that are not direct. */
  crooked: z
    .array(
      z.object({
        peer: text(128),
        path: z.enum(['relayed', 'none']),
        via: text(128).optional(),
        reason: text(1_024).optional(),
        forMs: z.number(),
      }),
    )
    .max(TOLD_LIMIT),
  /** How many more there are. */
  omitted: count,
  /** Direct links over which datagrams pass, and over which they do not. */
  datagrams: count,
  noDatagrams: z.array(text(128)).max(TOLD_LIMIT),
});

export type PeerAccount = z.infer<typeof accountSchema>;

/** What came from another peer, checked; undefined when it does not fit. */
export function readAccount(value: unknown): PeerAccount | undefined {
  const parsed = accountSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

export interface AccountSource {
  readonly name: string;
  readonly version: string;
  readonly mesh: Pick<Mesh, 'self' | 'links' | 'member'>;
}

const isHere = (member: Member | undefined): boolean =>
  member?.status === 'alive' || member?.status === 'suspect';

/** A link that is only made on demand, and was not needed or always came about, is as good as one that is there. */
const isCrooked = ({ path, reason }: LinkReport): boolean =>
  path === 'relayed' || (path === 'none' && reason !== undefined);

export function accountOf(
  { name, version, mesh }: AccountSource,
  wallMs: number,
  monotonicMs: number,
): PeerAccount {
  const links = mesh.links().filter(({ peer }) => isHere(mesh.member(peer)));
  const direct = links.filter(({ path }) => path === 'direct');
  const settled = direct.filter(({ sinceMs }) => monotonicMs - sinceMs >= SETTLED_MS);
  const crooked = links.filter(isCrooked);
  const slowestMs = Math.max(...direct.map(({ roundTripMs }) => roundTripMs ?? 0));
  return {
    peer: mesh.self,
    name,
    version,
    wallMs,
    addresses: [...(mesh.member(mesh.self)?.addresses ?? [])],
    direct: direct.length,
    relayed: links.filter(({ path }) => path === 'relayed').length,
    ...(slowestMs > 0 && { slowestMs }),
    crooked: crooked.slice(0, TOLD_LIMIT).map(({ peer, path, via, reason, sinceMs }) => ({
      peer,
      path: path === 'relayed' ? 'relayed' : 'none',
      ...(via !== undefined && { via }),
      ...(reason !== undefined && { reason: reason.slice(0, 1_024) }),
      forMs: monotonicMs - sinceMs,
    })),
    omitted: Math.max(0, crooked.length - TOLD_LIMIT),
    datagrams: direct.filter(({ hasDatagrams }) => hasDatagrams).length,
    noDatagrams: settled
      .filter(({ hasDatagrams }) => !hasDatagrams)
      .map(({ peer }): PeerId => peer)
      .slice(0, TOLD_LIMIT),
  };
}
