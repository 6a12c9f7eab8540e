// Parsed objects by key, bounded: a zone of 200,000 objects must not be held parsed as well as in text.

import type { KindName } from './kinds.ts';
import type { Stored } from './objects.ts';

/** Parsed objects held at most; about 5 KB each. */
export const PARSED_OBJECTS_LIMIT = 40_000;

export interface ObjectCache {
  /** The parsed object, if it is held at this revision. */
  readonly get: (key: string, modRevision: number) => Stored<KindName> | undefined;
  readonly set: (key: string, modRevision: number, object: Stored<KindName>) => void;
  readonly delete: (key: string) => void;
}

interface Held {
  readonly modRevision: number;
  readonly object: Stored<KindName>;
}

/** Two generations: when the young one is full it becomes the old one, and what nobody used is gone. */
export function createObjectCache(limit = PARSED_OBJECTS_LIMIT): ObjectCache {
  let young = new Map<string, Held>();
  let old = new Map<string, Held>();

  const keep = (key: string, held: Held): void => {
    young.set(key, held);
    if (young.size < limit / 2) return;
    old = young;
    young = new Map();
  };

  return {
    get: (key, modRevision) => {
      const recent = young.get(key);
      const held = recent ?? old.get(key);
      if (held === undefined || held.modRevision !== modRevision) return undefined;
      if (recent === undefined) keep(key, held);
      return held.object;
    },
    set: (key, modRevision, object) => keep(key, { modRevision, object }),
    delete: (key) => {
      young.delete(key);
      old.delete(key);
    },
  };
}
