// Whose turn it is in a simulation: the seed picks among all cells of all peers that wait.

import type { Dispatcher } from './dispatcher.ts';
import type { Random } from './random.ts';

/** One message a turn: every order of messages between cells that can be, can be picked. */
const messagesPerTurn = 1;

export interface SimulatedDispatcher {
  /** The dispatcher of one peer; `enter` runs a turn, keeps it for later or forgets it. */
  readonly forPeer: (enter: (turn: () => void) => void) => Dispatcher;
  /** Runs one turn; false when none waits. */
  readonly runOne: () => boolean;
  readonly waiting: () => number;
}

/** `onPick` hears of each choice before its turn runs, for the trace. */
export function createSimulatedDispatcher(
  random: Random,
  onPick: (picked: number, waiting: number) => void,
): SimulatedDispatcher {
  // Two arrays that go together, instead of an object per turn.
  const turns: (() => void)[] = [];
  const entries: ((turn: () => void) => void)[] = [];

  return {
    forPeer: (enter) => ({
      messagesPerTurn,
      schedule: (turn) => {
        turns.push(turn);
        entries.push(enter);
      },
    }),
    runOne: () => {
      const waiting = turns.length;
      if (waiting === 0) return false;
      const picked = waiting === 1 ? 0 : random.integer(waiting);
      const turn = turns[picked]!;
      const enter = entries[picked]!;
      turns[picked] = turns[waiting - 1]!;
      entries[picked] = entries[waiting - 1]!;
      turns.pop();
      entries.pop();
      onPick(picked, waiting);
      enter(turn);
      return true;
    },
    waiting: () => turns.length,
  };
}
