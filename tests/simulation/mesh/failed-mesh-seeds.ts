// Every seed of a mesh world that ever failed, with what it found: all are replayed by every run of the tests.

export interface FailedMeshSeed {
  readonly seed: number;
  readonly peers: number;
  readonly scenarios: readonly string[];
  /** What was wrong then, in Skein or in its simulator. */
  readonly found: string;
}

export const failedMeshSeeds: readonly FailedMeshSeed[] = [
  {
    seed: 1_207_820,
    peers: 3,
    scenarios: ['idle', 'join', 'kill'],
    found: 'a peer that had left suspected all others, because they ended their links to it',
  },
  {
    seed: 3,
    peers: 10,
    scenarios: ['starved'],
    found:
      'a peer starved of CPU was held for dead 57 times in an hour, each time until it contradicted',
  },
];
