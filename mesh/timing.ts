// How fast the mesh notices and tells, and for how long it remembers.

export interface MeshTiming {
  /** Each peer probes one other this often. */
  readonly probeIntervalMs: number;
  /** A probe without answer for this long asks others to try. */
  readonly probeTimeoutMs: number;
  /** A probe without any answer for this long makes its target suspect. */
  readonly probeDeadlineMs: number;
  /** Others asked to probe on one's behalf. */
  readonly indirectProbes: number;
  /** A suspicion that enough observers share lasts this long. */
  readonly suspicionMinMs: number;
  /** A suspicion that nobody shares lasts this long, times log10 of the cluster's size. */
  readonly suspicionMaxMs: number;
  /** Other observers that shorten a suspicion to its minimum. */
  readonly confirmations: number;
  /** News of members is passed on this often while there is any. */
  readonly gossipIntervalMs: number;
  /** To so many peers. */
  readonly gossipFanout: number;
  /** A timer that fires this late says that this peer itself was starved or frozen. */
  readonly stallMs: number;
  /** Facts are compared this soon after an urgent change ... */
  readonly factsHotMs: number;
  /** ... this often while anything changes ... */
  readonly factsIntervalMs: number;
  /** ... and this often when nothing does. */
  readonly factsIdleMs: number;
  /** The whole membership is compared with one peer this often. */
  readonly syncIntervalMs: number;
  /** The facts of a dead or left peer are kept this long. */
  readonly deadFactsMs: number;
  /** A dead or left peer is forgotten after this long. */
  readonly forgetMs: number;
}

/** Round trips of a few milliseconds. */
export const LAN: MeshTiming = {
  probeIntervalMs: 500,
  probeTimeoutMs: 200,
  probeDeadlineMs: 450,
  indirectProbes: 3,
  suspicionMinMs: 1000,
  suspicionMaxMs: 4000,
  confirmations: 3,
  gossipIntervalMs: 100,
  gossipFanout: 3,
  stallMs: 250,
  factsHotMs: 100,
  factsIntervalMs: 300,
  factsIdleMs: 2000,
  syncIntervalMs: 20_000,
  deadFactsMs: 600_000,
  forgetMs: 3_600_000,
};
