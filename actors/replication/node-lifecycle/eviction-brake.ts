// How fast lost nodes may lose their pods: at once while few are lost, one by one when many are, for then it may be
// the network. Pure; per failure domain, as Kubernetes' node lifecycle controller does it, with its rates.
//
//   silent nodes of a domain             pods of lost nodes
//   fewer than 3, or under a third       are evicted at once
//   a third and more, or all             of one node every 10 s   (its --node-eviction-rate, 0.1 a second)
//   55 % and more, but not all           of one node every 100 s  (its --secondary-node-eviction-rate, 0.01 a second)
//   all, in every domain                 stay
//
// NotReady is written at once in any case. The first node of a domain is evicted at once as well, and what was evicted
// when is read from the nodes themselves: so a new leader goes on where the last one stopped.

const SLOW_MS = 10_000;
const SLOWEST_MS = 100_000;

const SILENT_LEAST = 3;
const SILENT_SHARE = 1 / 3;
/** Kubernetes' --unhealthy-zone-threshold. */
const SEVERE_SHARE = 0.55;

export interface NodeStanding {
  readonly name: string;
  /** Nodes of one domain may well be lost together. */
  readonly domain: string;
  /** Its peer is suspected, dead or unknown. */
  readonly isSilent: boolean;
  /** Since when it is lost, in milliseconds since the Unix epoch, if its pods are not evicted yet. */
  readonly waitsSinceMs: number | undefined;
  /** When its pods were evicted, on the same clock. */
  readonly evictedMs: number | undefined;
}

export interface EvictionTurn {
  readonly evict: ReadonlySet<string>;
  /** Those that have to wait. */
  readonly held: readonly string[];
  /** After this the next one may go; undefined when none waits for its turn. */
  readonly retryAfterMs: number | undefined;
}

/** The time between two evictions in a domain. */
function intervalMs(nodes: readonly NodeStanding[], isEverywhere: boolean): number {
  const silent = nodes.filter(({ isSilent }) => isSilent).length;
  const share = silent / nodes.length;
  if (silent < SILENT_LEAST || share < SILENT_SHARE) return 0;
  if (share === 1) return isEverywhere ? Infinity : SLOW_MS;
  return share >= SEVERE_SHARE ? SLOWEST_MS : SLOW_MS;
}

function byDomain(nodes: readonly NodeStanding[]): ReadonlyMap<string, readonly NodeStanding[]> {
  const domains = new Map<string, NodeStanding[]>();
  for (const node of nodes) {
    const domain = domains.get(node.domain) ?? [];
    domain.push(node);
    domains.set(node.domain, domain);
  }
  return domains;
}

/** Which of the lost nodes may lose their pods now. */
export function takeTurn(nodes: readonly NodeStanding[], nowMs: number): EvictionTurn {
  const evict = new Set<string>();
  const held: string[] = [];
  let retryAfterMs = Infinity;
  const isEverywhere = nodes.every(({ isSilent }) => isSilent);
  for (const domain of byDomain(nodes).values()) {
    const waiting = domain
      .filter((node) => node.waitsSinceMs !== undefined)
      .sort((a, b) => a.waitsSinceMs! - b.waitsSinceMs! || (a.name < b.name ? -1 : 1));
    const apartMs = intervalMs(domain, isEverywhere);
    // A clock set back must not make anybody wait for longer than the interval.
    const lastMs = Math.max(
      -Infinity,
      ...domain.map((n) => Math.min(n.evictedMs ?? -Infinity, nowMs)),
    );
    const waitMs = apartMs === 0 ? 0 : lastMs + apartMs - nowMs;
    const may =
      apartMs === 0 ? waiting : waitMs > 0 || apartMs === Infinity ? [] : waiting.slice(0, 1);
    for (const { name } of may) evict.add(name);
    const rest = waiting.slice(may.length);
    held.push(...rest.map(({ name }) => name));
    if (rest.length > 0) retryAfterMs = Math.min(retryAfterMs, may.length > 0 ? apartMs : waitMs);
  }
  return { evict, held, retryAfterMs: Number.isFinite(retryAfterMs) ? retryAfterMs : undefined };
}
