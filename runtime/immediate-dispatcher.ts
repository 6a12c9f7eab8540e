// Adapter: the real dispatcher. Turns run in macrotasks of bounded length, so that IO gets its share.

import type { Dispatcher } from './dispatcher.ts';
import { createFifo } from './fifo.ts';

/** After this long the event loop gets to poll for IO. */
const budgetMs = 2;

/** The clock is read once per this many turns: reading it costs as much as a small turn. */
const turnsPerLook = 16;

/** Messages one cell handles before the next cell has its turn. */
const messagesPerTurn = 32;

/** First come, first served. */
export function createImmediateDispatcher(): Dispatcher {
  // A cell asks for one turn at a time: never longer than there are living cells.
  const turns = createFifo<() => void>();
  let isArmed = false;

  const arm = (): void => {
    isArmed = true;
    setImmediate(run);
  };

  const run = (): void => {
    const endMs = performance.now() + budgetMs;
    // A turn that throws is a bug of the runtime: it surfaces as uncaught, the others still run.
    try {
      do {
        for (let i = 0; i < turnsPerLook; i++) {
          const turn = turns.shift();
          if (turn === undefined) return;
          turn();
        }
      } while (performance.now() < endMs);
    } finally {
      isArmed = false;
      if (turns.length() > 0) arm();
    }
  };

  return {
    messagesPerTurn,
    schedule: (turn) => {
      turns.push(turn);
      if (!isArmed) arm();
    },
  };
}
