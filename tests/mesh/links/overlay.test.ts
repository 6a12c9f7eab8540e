// Who keeps links to whom: bounded, alike at everybody, connected, and calm when somebody comes or goes.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { createOverlay, FULL_MESH_LIMIT, RINGS } from '../../../mesh/links/overlay.ts';
import type { Overlay } from '../../../mesh/links/overlay.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `peer-${i}`);

function overlaysOf(peers: readonly string[]): Map<string, Overlay> {
  return new Map(
    peers.map((self) => {
      const overlay = createOverlay(self);
      for (const peer of peers) overlay.add(peer);
      return [self, overlay];
    }),
  );
}

/** Peers that can be reached from the first over links between these. */
function connected(overlays: ReadonlyMap<string, Overlay>, among: ReadonlySet<string>): number {
  const [first] = among;
  const seen = new Set([first!]);
  for (const peer of seen) {
    for (const next of overlays.get(peer)!.neighbours()) if (among.has(next)) seen.add(next);
  }
  return seen.size;
}

describe('the overlay', () => {
  it('links everybody to everybody while they are few', () => {
    const peers = names(FULL_MESH_LIMIT);
    for (const [self, overlay] of overlaysOf(peers)) {
      const others = peers.filter((peer) => peer !== self).toSorted();
      deepEqual([...overlay.neighbours()].toSorted(), others);
      deepEqual(overlay.subjects().toSorted(), others);
    }
  });

  it('gives each peer of a small cluster as many observers as there are others', () => {
    for (const size of [2, 3, 5, 9]) {
      for (const overlay of overlaysOf(names(size)).values()) {
        equal(overlay.observersOf('peer-0').length, Math.min(RINGS, size - 1));
      }
    }
  });

  it('bounds links and observers in a large cluster, and all agree on them', () => {
    const overlays = overlaysOf(names(300));
    for (const [self, overlay] of overlays) {
      ok(overlay.neighbours().size <= 2 * RINGS);
      ok(overlay.subjects().length > RINGS / 2 && overlay.subjects().length <= RINGS);
      for (const other of overlay.neighbours()) {
        ok(overlays.get(other)!.neighbours().has(self), 'a link is wanted by both');
      }
      for (const subject of overlay.subjects()) {
        ok(overlays.get(subject)!.observersOf(subject).includes(self));
        ok(overlay.areNear(subject, self) && overlay.areNear(self, subject));
      }
    }
  });

  it('stays in one piece when a third of the peers is gone at once', () => {
    const peers = names(300);
    const overlays = overlaysOf(peers);
    const rest = new Set(peers.filter((_, i) => i % 3 !== 0));
    equal(connected(overlays, rest), rest.size);
  });

  it('changes the links of its neighbours alone when a peer comes or goes', () => {
    const peers = names(300);
    const overlays = overlaysOf(peers);
    const before = new Map([...overlays].map(([self, o]) => [self, [...o.neighbours()]]));
    for (const overlay of overlays.values()) overlay.add('newcomer');
    const changed = [...overlays].filter(([self, overlay]) => {
      const now = overlay.neighbours();
      return before.get(self)!.some((peer) => !now.has(peer)) || now.has('newcomer');
    });
    ok(changed.length <= 2 * RINGS, `${changed.length} changed`);
    for (const overlay of overlays.values()) overlay.remove('newcomer');
    for (const [self, overlay] of overlays) {
      deepEqual([...overlay.neighbours()].toSorted(), before.get(self)!.toSorted());
    }
  });

  it('says who would observe a peer that is gone', () => {
    const overlays = overlaysOf(names(100));
    const observers = overlays.get('peer-1')!.observersOf('peer-0');
    for (const overlay of overlays.values()) overlay.remove('peer-0');
    deepEqual(overlays.get('peer-1')!.observersOf('peer-0'), observers);
  });
});
