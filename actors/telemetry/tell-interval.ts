// How seldom a peer tells its load: the more peers there are, the more of it everybody hears. Pure.

/** Peers, and what each waits then between two tellings at least; between them in a straight line. */
const steps: readonly (readonly [peers: number, intervalMs: number])[] = [
  [50, 5_000],
  [100, 10_000],
  [1_000, 30_000],
];

/** Beyond the last step in proportion, so that a peer hears about 33 a second from all together. */
export function tellIntervalMs(peers: number): number {
  let [fromPeers, fromMs] = steps[0]!;
  for (const [toPeers, toMs] of steps) {
    if (peers <= toPeers) {
      const share = toPeers === fromPeers ? 0 : (peers - fromPeers) / (toPeers - fromPeers);
      return fromMs + Math.max(0, share) * (toMs - fromMs);
    }
    [fromPeers, fromMs] = [toPeers, toMs];
  }
  return (fromMs * peers) / fromPeers;
}
