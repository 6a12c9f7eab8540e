// Writes the default roles and bindings as their controller would, until it has nothing left to do.

import { roleController } from '../../../actors/replication/access/role-controller.ts';
import type { Objects } from '../../../actors/objects/objects.ts';
import { createSeededRandom } from '../../../runtime/index.ts';

const ROUNDS_LIMIT = 10;

export async function writeDefaultRoles(objects: Objects, nowMs: number): Promise<void> {
  const moment = { nowMs, random: createSeededRandom(1) };
  for (let round = 0; round < ROUNDS_LIMIT; round++) {
    let wrote = 0;
    for (const key of roleController.allKeys(objects.view)) {
      const { writes } = roleController.reconcile(objects.view, key, moment);
      if (writes.length === 0) continue;
      const written = await objects.write(writes);
      if (!written.ok) throw written.error;
      wrote += writes.length;
    }
    if (wrote === 0) return;
  }
  throw new Error(`the default roles are never at rest`);
}
