// Agents of one kind, a process each on an address of its own, as the benchmark drives them.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Sightings } from './sightings.ts';

export interface Agent {
  readonly name: string;
  readonly process: ChildProcess;
  /** Resolves once its program is loaded and about to start, by this process's clock. */
  readonly loadedMs: Promise<number>;
}

export interface Fleet {
  readonly name: string;
  /** `alive`, `suspect` where it is told, `dead`, and `label X` once the label is X. */
  readonly sightings: Sightings;
  /** Whether it says that it only suspects somebody. */
  readonly tellsSuspicion: boolean;
  /** Starts the `at`th; every one but that at 0 is told where that one is. */
  readonly spawn: (at: number) => Agent;
  /** Changes what an agent says of itself. */
  readonly label: (agent: Agent, value: string) => void;
}

export async function end(agents: readonly Agent[]): Promise<void> {
  const alive = agents.filter(
    ({ process: child }) => child.exitCode === null && child.signalCode === null,
  );
  const ends = alive.map(({ process: child }) => once(child, 'exit'));
  alive.forEach(({ process: child }) => child.kill('SIGKILL'));
  await Promise.all(ends);
}

/** The loopback address of the `at`th. */
export const addressOf = (subnet: number, at: number): string => `127.0.${subnet}.${at + 1}`;
