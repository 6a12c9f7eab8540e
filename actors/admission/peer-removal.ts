// Ends the membership of another peer, dead or alive, by order of a person.
//
//   judged: may it go? --one transaction--> record ended, name free, authority and seat taken, Node and duties gone
//      every peer, as it applies that:       cuts its links (mesh)         the leader: gives its vote to another
//      the peer itself, if it lives:         ends its pods and itself      duties: pods run elsewhere

import type { KeyValue, Store } from '../../consensus/index.ts';
import type { Mesh, PeerId } from '../../mesh/index.ts';
import type { Clock, Result } from '../../runtime/index.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import { dutiesHeldBy } from '../duties/duty.ts';
import type { Objects } from '../objects/objects.ts';
import { endingOf } from './ended-membership.ts';
import { nameKey, parsePeer, peerKey } from './records.ts';

const barrierMs = 3_500;
/** Its Node is written by the peer itself while it lives: a decision that was overtaken is taken again. */
const attemptsMax = 20;

export interface RemovalParts {
  readonly store: Store;
  readonly objects: Objects;
  readonly mesh: Pick<Mesh, 'self' | 'member'>;
}

/** What counts when a peer is to go. */
export interface ZoneView {
  readonly self: PeerId;
  readonly voters: readonly PeerId[];
  readonly learners: readonly PeerId[];
  readonly witnesses: readonly PeerId[];
  readonly isAlive: (peer: PeerId) => boolean;
  readonly nameOf: (peer: PeerId) => string;
}

/** Undefined when it may go. */
export function refuseRemoval(peer: PeerId, zone: ZoneView): SkeinError | undefined {
  const { voters, learners, witnesses, isAlive, nameOf } = zone;
  const name = nameOf(peer);
  const refuse = (sentence: string) => new SkeinError('forbidden', sentence);
  const others = [...voters, ...learners].filter((other) => other !== peer);
  if (others.length === 0) {
    return refuse(`${name} is the only peer of its zone: stop it instead of removing it`);
  }
  if (others.every((other) => witnesses.includes(other))) {
    return refuse(
      `without ${name} only witnesses would be left, which run no pods: join another peer first`,
    );
  }
  if (peer === zone.self) {
    return refuse(
      `${name} is the peer that was asked, and would end before it could answer: ask another one with --peer, or let it leave in order: skein leave --peer ${name}`,
    );
  }
  if (!voters.includes(peer)) return undefined;
  const staying = voters.filter((voter) => voter !== peer);
  const living = staying.filter(isAlive);
  const quorum = Math.floor(voters.length / 2) + 1;
  if (living.length >= quorum) return undefined;
  if (staying.length === 0) {
    return refuse(
      `${name} holds the only vote of its zone: let it leave in order, which hands the vote on: skein leave --peer ${name}`,
    );
  }
  const dead = staying.filter((voter) => !isAlive(voter)).map(nameOf);
  const all = voters.map(nameOf).join(', ');
  const missing = dead.length === 0 ? 'join another peer' : `bring back ${dead.join(', ')}`;
  return refuse(
    `removing ${name} now would cost the zone its quorum: of its voters ${all}, ${quorum} must stay alive and ${living.length} would; ${missing} first`,
  );
}

/**
 * Errors: not-found (no peer of this name), forbidden (the last one, or the quorum would be lost), unavailable, timeout.
 * Resolves with the id of the peer once its end is in the log.
 */
export async function removePeer(
  name: string,
  { store, objects, mesh }: RemovalParts,
  clock: Clock,
): Promise<Result<PeerId>> {
  const current = await store.barrier(barrierMs);
  if (!current.ok) return current;
  let last: Result<unknown> = ok(undefined);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const kv = recordNamed(store, name);
    if (kv === undefined) {
      return failed(new SkeinError('not-found', `no peer of this zone is named ${name}`));
    }
    const peer = kv.key.slice(peerKey('').length);
    const refusal = refuseRemoval(peer, zoneView(store, mesh));
    if (refusal !== undefined) return failed(refusal);
    last = await write(name, peer, kv, { store, objects, mesh }, clock);
    if (last.ok) return ok(peer);
    // Its Node, or a duty of it, was written or gone in between.
    if (last.error.code !== 'conflict' && last.error.code !== 'not-found') return last;
  }
  return last as Result<never>;
}

function recordNamed({ view }: Store, name: string): KeyValue | undefined {
  const owner = view.get(nameKey(name));
  return owner && view.get(peerKey(owner.value));
}

function write(
  name: string,
  peer: PeerId,
  kv: KeyValue,
  { store, objects, mesh }: RemovalParts,
  clock: Clock,
): Promise<Result<unknown>> {
  const incarnation = mesh.member(peer)?.incarnation ?? 0;
  const ending = endingOf(store.view, kv, { atMs: clock.wallMs(), by: 'removal', incarnation });
  const node = objects.view.get('Node', '', name);
  // A node of this name may be another peer's, when this one never had one.
  const isItsOwn = node?.metadata?.annotations?.['skein.dev/peer-id'] === peer;
  const locks = dutiesHeldBy(store.view, peer);
  return objects.write(
    node !== undefined && isItsOwn ? [{ type: 'delete', kind: 'Node', object: node }] : [],
    {
      compare: [
        ...ending.compare,
        ...locks.map(({ key, createRevision }) => ({
          target: 'create' as const,
          key,
          is: '=' as const,
          to: createRevision,
        })),
      ],
      success: [...ending.success, ...locks.map(({ key }) => ({ type: 'delete' as const, key }))],
    },
  );
}

function zoneView(store: Store, mesh: RemovalParts['mesh']): ZoneView {
  const { voters, learners, witnesses } = store.status();
  return {
    self: mesh.self,
    voters,
    learners,
    witnesses,
    isAlive: (peer) => mesh.member(peer)?.status === 'alive',
    nameOf: (peer) => nameIn(store, mesh, peer),
  };
}

function nameIn({ view }: Store, mesh: RemovalParts['mesh'], peer: PeerId): string {
  const kv = view.get(peerKey(peer));
  return kv === undefined ? (mesh.member(peer)?.facts.name ?? peer) : parsePeer(kv.value).name;
}
