// Meshes in virtual time that know all facts of each other, and how long until they know more.

import { pass, startWorld } from '../simulated-world.ts';
import type { Node, World } from '../simulated-world.ts';

export type MeshNode = Node;

export interface MeshWorld extends World {
  /** Runs on until it holds for all; how long that took, or undefined when it took longer than the limit. */
  readonly timeUntil: (
    holds: (node: MeshNode) => boolean,
    limitMs: number,
    share?: number,
  ) => Promise<number | undefined>;
  readonly pass: (ms: number) => Promise<boolean>;
}

/** So many meshes that know each other and all facts; throws when that takes over half a minute. */
export async function startMeshWorld(size: number, seed: string): Promise<MeshWorld> {
  const world = await startWorld(size, seed);
  const { simulation, nodes } = world;
  const timeUntil: MeshWorld['timeUntil'] = async (holds, limitMs, share = 1) => {
    const startMs = simulation.nowMs();
    const until = (): boolean => nodes.filter(holds).length >= share * size;
    return (await simulation.run({ until, limitMs })) ? simulation.nowMs() - startMs : undefined;
  };
  const knowsAll = (node: MeshNode): boolean =>
    nodes.every(({ id }) => {
      const member = node.mesh.member(id);
      return member?.status === 'alive' && member.facts.name === `node-${id}`;
    });
  if ((await timeUntil(knowsAll, 30_000)) === undefined) {
    throw new Error(`${size} meshes do not know each other after 30 s`);
  }
  return { ...world, timeUntil, pass: (ms) => pass(world, ms) };
}
