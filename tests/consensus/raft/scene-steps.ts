// What scenes are told with: who does what, and which messages arrive.

import type { Raft } from '../../../consensus/raft/raft.ts';
import { deliver, drop, stabilize, turn } from './cluster.ts';
import type { Cluster, Replica } from './cluster.ts';
import { createScene } from './transcript.ts';
import type { Scene } from './transcript.ts';

export const replica = (cluster: Cluster, id: number): Replica => cluster.replicas.get(id)!;
export const command = (text: string): Uint8Array[] => [Buffer.from(text)];

export function act({ cluster }: Scene, id: number, does: (raft: Raft) => void): void {
  turn(cluster, replica(cluster, id), does);
}

export function tick(scene: Scene, ids: readonly number[], times = 1): void {
  for (let i = 0; i < times; i++) for (const id of ids) act(scene, id, (raft) => raft.tick());
}

/** Delivers what is addressed to `ids`, loses the rest. */
export function deliverOnly(cluster: Cluster, ...ids: readonly number[]): void {
  for (let left = cluster.network.length; left > 0; left--) {
    if (ids.includes(cluster.network[0]!.message.to)) deliver(cluster, 0);
    else drop(cluster, 0);
  }
}

export function elect(scene: Scene, id: number): void {
  turn(scene.cluster, replica(scene.cluster, id), (raft) => raft.campaign());
  stabilize(scene.cluster);
}

/** What comes before is not told: `id` leads. */
export function ledBy(id: number, ...options: Parameters<typeof createScene>): Scene {
  const scene = createScene(...options);
  elect(scene, id);
  scene.lines.length = 0;
  return scene;
}
