// The whole decision: an immutable view and pods in order in, placements and reasons out.
//
//   pods alike are judged once:   filter (traits) -> filter (room) -> score -> one ranking per failure domain
//   each pod then takes the best: points on top of its domain - neighbours in the domain

import type { Random } from '../../runtime/index.ts';
import { assert } from '../../runtime/index.ts';
import type { ClusterView } from './cluster-view.ts';
import { EMBEDDED_DRIVER } from './cluster-view.ts';
import type { PendingPod } from './demand.ts';
import type { ZoneTraits } from './filters.ts';
import { refusedByRoom, refusedByTraits } from './filters.ts';
import type { Ranked, Ranking } from './ranking.ts';
import { createRanking } from './ranking.ts';
import type { Tally } from './reasons.ts';
import { tally } from './reasons.ts';
import { DOMAIN_POINTS, NODE_POINTS, roomPoints, traitPoints } from './scores.ts';
import type { OpenSeat } from './seat.ts';
import { openSeat } from './seat.ts';

export type Decision =
  | { readonly type: 'placed'; readonly pending: PendingPod; readonly node: string }
  | { readonly type: 'unplaced'; readonly pending: PendingPod; readonly reasons: Tally };

/** Live pods of one group, per node and per failure domain; grows with each placement. */
interface Neighbours {
  readonly onNode: Map<string, number>;
  readonly inDomain: Map<string, number>;
}

interface Domain {
  readonly name: string;
  readonly ranking: Ranking;
}

/** What pods with the same demand and group share. */
interface Alike {
  readonly domains: readonly Domain[];
  /** Set once no node is left: later pods alike fare no better in this batch. */
  reasons: Tally | undefined;
}

interface Batch {
  readonly zone: ZoneTraits;
  readonly seats: readonly OpenSeat[];
  readonly neighboursOf: (group: string) => Neighbours;
  readonly random: Random;
}

const count = (map: Map<string, number>, key: string): void => {
  map.set(key, (map.get(key) ?? 0) + 1);
};

function openBatch(view: ClusterView, random: Random): Batch {
  const seats = view.nodes.map(openSeat);
  const seatOf = new Map(seats.map((seat) => [seat.node.traits.name, seat]));
  const groups = new Map<string, Neighbours>();
  const neighboursOf = (group: string): Neighbours => {
    const known = groups.get(group);
    if (known !== undefined) return known;
    const onNode = new Map(view.countsOf(group));
    const inDomain = new Map<string, number>();
    for (const [node, pods] of onNode) {
      const domain = seatOf.get(node)?.node.traits.domain;
      if (domain !== undefined) inDomain.set(domain, (inDomain.get(domain) ?? 0) + pods);
    }
    const fresh = { onNode, inDomain };
    groups.set(group, fresh);
    return fresh;
  };
  const offersOtherDrivers = view.nodes.some(({ traits }) =>
    [...traits.drivers].some((name) => name !== EMBEDDED_DRIVER),
  );
  return { zone: { offersOtherDrivers }, seats, neighboursOf, random };
}

function judgeAlike(batch: Batch, { demand, group }: PendingPod): Alike {
  const { onNode } = batch.neighboursOf(group);
  const fixed = new Map<OpenSeat, number>();
  const judge = (seat: OpenSeat): number | undefined => {
    if (refusedByRoom(demand, seat) !== undefined) return undefined;
    const neighbours = onNode.get(seat.node.traits.name) ?? 0;
    return fixed.get(seat)! + roomPoints(demand, seat) - NODE_POINTS * neighbours;
  };
  const byDomain = new Map<string, Ranked[]>();
  for (const seat of batch.seats) {
    const { traits } = seat.node;
    if (refusedByTraits(demand, traits, batch.zone) !== undefined) continue;
    // Less than a point of chance: equals are not always taken in the same order.
    fixed.set(seat, traitPoints(demand, seat.node) + batch.random.float() / 1_000);
    const points = judge(seat);
    if (points === undefined) continue;
    const entries = byDomain.get(traits.domain) ?? [];
    entries.push({ seat, points, version: seat.version });
    byDomain.set(traits.domain, entries);
  }
  const domains = [...byDomain].map(([name, entries]) => ({
    name,
    ranking: createRanking(entries, judge),
  }));
  return { domains, reasons: undefined };
}

function bestSeat(batch: Batch, alike: Alike, group: string): OpenSeat | undefined {
  const { inDomain } = batch.neighboursOf(group);
  let best: OpenSeat | undefined;
  let bestPoints = -Infinity;
  for (const { name, ranking } of alike.domains) {
    const top = ranking.best();
    if (top === undefined) continue;
    const points = top.points - DOMAIN_POINTS * (inDomain.get(name) ?? 0);
    if (points <= bestPoints) continue;
    best = top.seat;
    bestPoints = points;
  }
  return best;
}

function reasonsFor(batch: Batch, { demand }: PendingPod): Tally {
  return tally(
    batch.seats.map((seat) => {
      const reason =
        refusedByTraits(demand, seat.node.traits, batch.zone) ?? refusedByRoom(demand, seat);
      assert(reason !== undefined, `node ${seat.node.traits.name} is free and was not taken`);
      return reason;
    }),
  );
}

/**
 * A decision for each pod, in the order given: an earlier pod takes before a later one. Nothing is
 * promised beyond what the view has free, counting the placements of this very batch.
 */
export function schedule(
  view: ClusterView,
  pods: readonly PendingPod[],
  random: Random,
): readonly Decision[] {
  const batch = openBatch(view, random);
  const known = new Map<string, Alike>();
  return pods.map((pending): Decision => {
    const alike = known.get(pending.likeness) ?? judgeAlike(batch, pending);
    known.set(pending.likeness, alike);
    const seat = alike.reasons === undefined ? bestSeat(batch, alike, pending.group) : undefined;
    if (seat === undefined) {
      alike.reasons ??= reasonsFor(batch, pending);
      return { type: 'unplaced', pending, reasons: alike.reasons };
    }
    const { name, domain } = seat.node.traits;
    const { onNode, inDomain } = batch.neighboursOf(pending.group);
    count(onNode, name);
    count(inDomain, domain);
    seat.take(pending.demand.allocation);
    return { type: 'placed', pending, node: name };
  });
}
