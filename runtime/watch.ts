// Who hears of whose end, on this peer or another.

import type { Address } from './address.ts';
import { parseAddress } from './address.ts';
import type { Cell, Watcher } from './cell.ts';
import { findCell } from './refs.ts';

/** Arranges that `cell` gets `terminated` once when the actor at `address` has ended or its peer is gone. */
export function watch(cell: Cell, address: Address): void {
  if (cell.watching.has(address)) return;
  const tellEnd = (): void => cell.notify({ type: 'terminated', address });
  const parts = parseAddress(address);
  if (parts !== undefined && parts.peer !== cell.kernel.peer) {
    watchRemote(cell, address, tellEnd);
    return;
  }
  const target = parts === undefined ? undefined : findCell(cell.kernel, parts);
  if (target === undefined || target.status === 'ended') {
    cell.watching.set(address, () => undefined);
    tellEnd();
    return;
  }
  const watcher: Watcher = { cell, address };
  target.watchers.add(watcher);
  cell.watching.set(address, () => target.watchers.delete(watcher));
}

/** A `terminated` that waits already does not arrive any more. */
export function unwatch(cell: Cell, address: Address): void {
  cell.watching.get(address)?.();
  cell.watching.delete(address);
}

function watchRemote(cell: Cell, address: Address, tellEnd: () => void): void {
  const { resolver } = cell.kernel;
  if (resolver === undefined) {
    cell.watching.set(address, () => undefined);
    tellEnd();
    return;
  }
  // `tellEnd` may be called at once; nothing happens before the turn that hears it, when the entry exists.
  cell.watching.set(address, resolver.watch(address, tellEnd));
}
