// How fast the mesh notices and tells, and for how long it remembers: two presets, as memberlist has them.
//
//         a killed peer is dead for all   a frozen one   cost per peer
//   LAN   about 1 s after                 2 to 3 s       3 probes a second, answers within 200 ms expected
//   WAN   about 1.5 to 2.5 s after        5 to 8 s       2 probes a second, answers within 700 ms expected
//
// LAN on links that take longer than that suspects and refutes all the time; WAN costs a LAN its speed alone.

export interface MeshTiming {
  /** Each peer probes one other this often, so each of those it watches every few rounds. */
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
  /** A death that others tell of is believed once its subject has had this long to refute. */
  readonly hearsayMs: number;
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
  /** Some of the peers that are held for dead are tried this often ... */
  readonly knockIntervalMs: number;
  /** ... and this often while there is hardly a link at all. */
  readonly knockHurryMs: number;
  /** A newcomer is not probed while it has no link and is younger than this: it is being dialled. */
  readonly linkGraceMs: number;
  /** So many falling silent within this time look like a partition ... */
  readonly partitionWindowMs: number;
  /** ... until they are back, or have been silent for this long. */
  readonly partitionMemoryMs: number;
  /** The facts of a dead or left peer are kept this long. */
  readonly deadFactsMs: number;
  /** A dead or left peer is forgotten after this long. */
  readonly forgetMs: number;
}

/** Round trips of a few milliseconds. */
export const LAN: MeshTiming = {
  probeIntervalMs: 300,
  probeTimeoutMs: 200,
  probeDeadlineMs: 450,
  indirectProbes: 3,
  suspicionMinMs: 1000,
  suspicionMaxMs: 4000,
  hearsayMs: 500,
  confirmations: 3,
  gossipIntervalMs: 100,
  gossipFanout: 3,
  stallMs: 250,
  factsHotMs: 100,
  factsIntervalMs: 300,
  factsIdleMs: 2000,
  syncIntervalMs: 20_000,
  knockIntervalMs: 2000,
  knockHurryMs: 500,
  linkGraceMs: 3000,
  partitionWindowMs: 15_000,
  partitionMemoryMs: 300_000,
  deadFactsMs: 600_000,
  forgetMs: 3_600_000,
};

/** Round trips of up to some hundred milliseconds, between clouds or continents. */
export const WAN: MeshTiming = {
  ...LAN,
  probeIntervalMs: 500,
  probeTimeoutMs: 700,
  probeDeadlineMs: 1800,
  suspicionMinMs: 1200,
  suspicionMaxMs: 6000,
  hearsayMs: 1000,
  gossipIntervalMs: 200,
  gossipFanout: 4,
  stallMs: 500,
  factsHotMs: 300,
  syncIntervalMs: 30_000,
  knockIntervalMs: 3000,
  knockHurryMs: 1000,
  linkGraceMs: 6000,
  partitionWindowMs: 30_000,
};

/** What `skein up --network` chooses from. */
export const MESH_TIMINGS = { lan: LAN, wan: WAN } as const;
