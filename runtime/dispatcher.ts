// Whose turn is it: a dispatcher runs turns of actors, one at a time, fairly.

/** A cell with messages waiting asks for a turn; one turn handles a bounded number of messages. */
export interface Dispatcher {
  /** Messages one turn handles at most before another cell has its turn. */
  readonly messagesPerTurn: number;
  readonly schedule: (turn: () => void) => void;
}
