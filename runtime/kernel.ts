// What all cells of one system share.

import type { Supervision } from './actor.ts';
import type { Address } from './address.ts';
import type { AskTable } from './ask.ts';
import type { AnyActor, Cell, Parent } from './cell.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { ActorSystemOptions, RemoteResolver } from './system.ts';

export interface Kernel extends ActorSystemOptions {
  /** Every cell that has not ended, by path. */
  readonly cells: Map<string, Cell>;
  readonly asks: AskTable;
  /** Counts and logs it, and tells who asked, if it was a question. */
  readonly deadLetter: (to: Address, message: unknown, reason: DeadLetterReason) => void;
  // These two are functions of the kernel, and not imports, because a cell spawns cells.
  readonly spawn: (
    parent: Parent,
    name: string,
    actor: AnyActor,
    args: unknown,
    supervision: Supervision | undefined,
  ) => Cell;
  readonly runTurn: (cell: Cell) => void;
  resolver: RemoteResolver | undefined;
  /** Starts at a random number, so that refs of this peer's earlier life fit nobody. */
  nextIncarnation: number;
  processed: number;
  refused: number;
}
