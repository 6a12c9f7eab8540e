// Who is told of which changes of objects.

import type { KindName } from './kinds.ts';
import type { ObjectChange, ObjectView } from './objects.ts';

export interface ObjectListeners {
  readonly watch: ObjectView['watch'];
  /** Tells those who listen now, change by change. */
  readonly announce: (changes: readonly ObjectChange[]) => void;
  readonly isEmpty: () => boolean;
}

interface Listener {
  readonly kinds: ReadonlySet<KindName>;
  readonly changed: (change: ObjectChange) => void;
  open: boolean;
}

export function createObjectListeners(): ObjectListeners {
  const listeners = new Set<Listener>();
  return {
    watch: (kinds, changed) => {
      const listener: Listener = { kinds: new Set(kinds), changed, open: true };
      listeners.add(listener);
      return () => {
        listener.open = false;
        listeners.delete(listener);
      };
    },
    announce: (changes) => {
      const present = [...listeners];
      for (const change of changes) {
        for (const listener of present) {
          if (listener.open && listener.kinds.has(change.kind)) listener.changed(change);
        }
      }
    },
    isEmpty: () => listeners.size === 0,
  };
}
