// All that is held of one peer: its facts at one version, as they were signed and as readers see them. Pure.

import { SkeinError } from '../../runtime/index.ts';
import { readFact } from './fact-values.ts';
import type { NodeFacts } from '../mesh.ts';
import { KEY_LIMIT, KEYS_LIMIT, ORIGIN_LIMIT_BYTES, sizeOf } from './signed-facts.ts';
import type { FactEntry, FactsVersion } from './signed-facts.ts';

export interface Origin {
  readonly incarnation: number;
  readonly version: number;
  /** In order of versions. */
  readonly entries: ReadonlyMap<string, FactEntry>;
  /** Over all of it; made when somebody wants it, so that many changes are signed once. */
  readonly signature: () => Uint8Array;
  /** Without what is removed or not what it should be. */
  readonly values: NodeFacts;
  readonly learnedMs: number;
}

/** A value whose text did not change is the same one as before. */
export function originOf(
  { incarnation, version }: Omit<FactsVersion, 'peer'>,
  entries: readonly FactEntry[],
  learnedMs: number,
  signature: () => Uint8Array,
  before: Origin | undefined,
): Origin {
  const values = entries.flatMap(({ key, text }): [string, unknown][] => {
    if (text === undefined) return [];
    const isSame = text === before?.entries.get(key)?.text;
    const value = isSame ? before.values[key] : readFact(key, text);
    return value === undefined ? [] : [[key, value]];
  });
  return {
    incarnation,
    version,
    entries: new Map(entries.map((entry) => [entry.key, entry])),
    signature,
    values: Object.fromEntries(values),
    learnedMs,
  };
}

/** What is held, with the newer entries in place of those of the same keys; in order of versions. */
export function merged(
  base: Origin | undefined,
  entries: readonly FactEntry[],
): readonly FactEntry[] {
  const all = new Map(base?.entries);
  for (const entry of entries) {
    if (entry.version <= (base?.version ?? 0)) continue;
    // Deleted first, so that the map stays in order of versions.
    all.delete(entry.key);
    all.set(entry.key, entry);
  }
  return [...all.values()];
}

/** All keys when it is another life. */
export function changedKeys(before: Origin | undefined, now: Origin): readonly string[] {
  const keys = new Set([...(before?.entries.keys() ?? []), ...now.entries.keys()]);
  return [...keys].filter((key) => before?.entries.get(key)?.text !== now.entries.get(key)?.text);
}

const bytesOf = (entries: readonly FactEntry[]): number =>
  entries.reduce((sum, entry) => sum + sizeOf(entry), 0);

export const isWithinLimits = (entries: readonly FactEntry[]): boolean =>
  entries.length <= KEYS_LIMIT &&
  entries.every(({ key }) => key.length <= KEY_LIMIT) &&
  bytesOf(entries) <= ORIGIN_LIMIT_BYTES;

export function tooLarge(entries: readonly FactEntry[]): SkeinError {
  const bytes = bytesOf(entries);
  return new SkeinError(
    'too-large',
    `facts of one peer may have ${KEYS_LIMIT} keys of ${KEY_LIMIT} characters and ${ORIGIN_LIMIT_BYTES} bytes: ` +
      `these would have ${entries.length} keys and ${bytes} bytes; give this peer fewer or shorter labels`,
    { bytes },
  );
}
