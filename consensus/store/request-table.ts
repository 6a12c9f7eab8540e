// At most once: the answers of requests that their clients may still repeat, per client session.
//
// A session numbers its requests from 1 and says with each which is the lowest it still waits for.
// Answers below that are forgotten; what is left is what can be asked again (Raft thesis, section 6.3).
// Everything here follows from the log alone, so every replica forgets the same.

import { SkeinError } from '../../runtime/index.ts';

/** Sessions kept; the one not heard of for longest goes first. */
export const maxSessions = 4_096;
/** Requests a session may have under way. */
export const maxOpenRequests = 4_096;

export interface RequestId {
  /** Random, positive, below 2^53; one for each life of a client. */
  readonly session: number;
  /** 1, 2, 3, ... within the session. */
  readonly sequence: number;
  /** The lowest sequence whose answer the session has not seen; `sequence` itself at most. */
  readonly lowest: number;
}

interface Session<A> {
  lowest: number;
  readonly answers: Map<number, A>;
}

/** What a session looks like in a snapshot. */
export type SessionRow<A> = readonly [
  session: number,
  lowest: number,
  answers: readonly (readonly [sequence: number, answer: A])[],
];

export interface RequestTable<A> {
  /** The answer when it was applied before; an error when it cannot be told or must not be done; undefined when it is new. */
  readonly recall: (request: RequestId) => { readonly answer: A } | SkeinError | undefined;
  readonly remember: (request: RequestId, answer: A) => void;
  /** It was carried out and may be carried out again: its session is known from now on, its answer is not kept. */
  readonly touch: (request: RequestId) => void;
  /** In the order in which sessions would be forgotten. */
  readonly rows: () => readonly SessionRow<A>[];
  readonly restore: (row: SessionRow<A>) => void;
}

export function createRequestTable<A>(): RequestTable<A> {
  // Insertion order is the order of last use: a session that is heard of moves to the end.
  const sessions = new Map<number, Session<A>>();
  let newest: number | undefined;

  const recall: RequestTable<A>['recall'] = (request) => {
    const session = sessions.get(request.session);
    if (session === undefined) {
      return request.lowest === 1 ? undefined : forgotten(request, 'its session was forgotten');
    }
    const answer = session.answers.get(request.sequence);
    if (answer !== undefined) return { answer };
    if (request.sequence < session.lowest) return forgotten(request, 'it was answered before');
    if (request.sequence - session.lowest >= maxOpenRequests) return tooManyOpen(request);
    return undefined;
  };

  const heardOf = (request: RequestId): Session<A> => {
    const session = sessions.get(request.session) ?? { lowest: 1, answers: new Map<number, A>() };
    while (session.lowest < request.lowest) {
      session.answers.delete(session.lowest);
      session.lowest += 1;
    }
    // Most of what comes is of the session that came last, which is at the end already.
    if (request.session === newest) return session;
    newest = request.session;
    sessions.delete(request.session);
    sessions.set(request.session, session);
    if (sessions.size > maxSessions) {
      const [oldest] = sessions.keys();
      sessions.delete(oldest!);
    }
    return session;
  };

  return {
    recall,
    remember: (request, answer) => void heardOf(request).answers.set(request.sequence, answer),
    touch: (request) => void heardOf(request),
    rows: () =>
      [...sessions].map(([id, session]) => [id, session.lowest, [...session.answers]] as const),
    restore: ([id, lowest, answers]) => {
      sessions.set(id, { lowest, answers: new Map(answers) });
      newest = id;
    },
  };
}

function forgotten(request: RequestId, why: string): SkeinError {
  return new SkeinError(
    'conflict',
    `request ${request.sequence} of session ${request.session} cannot be repeated, ${why}: read what it did`,
    { session: request.session, sequence: request.sequence },
  );
}

function tooManyOpen(request: RequestId): SkeinError {
  return new SkeinError(
    'overloaded',
    `session ${request.session} has more than ${maxOpenRequests} requests under way: wait for answers`,
    { session: request.session, limit: maxOpenRequests },
  );
}

/** A client's side of its session: numbers requests and knows which answers it still waits for. */
export interface RequestSession {
  readonly begin: () => RequestId;
  /** For a repetition: the same request, with what has been answered since. */
  readonly again: (request: RequestId) => RequestId;
  /** The answer came from the log, or (`isApplied` false) nobody will ask again though it may yet be applied. */
  readonly finish: (request: RequestId, isApplied: boolean) => void;
  readonly open: () => number;
}

export function createRequestSession(session: number): RequestSession {
  // Sequences under way, in order, since they are added in order.
  const open = new Set<number>();
  let next = 1;
  // Until the log has answered once it does not know the session, and would take a higher start for a forgotten one.
  let isKnown = false;
  const lowest = () => (isKnown ? (open.values().next().value ?? next) : 1);
  return {
    begin: () => {
      const sequence = next++;
      open.add(sequence);
      return { session, sequence, lowest: lowest() };
    },
    again: (request) => ({ ...request, lowest: lowest() }),
    finish: (request, isApplied) => {
      isKnown ||= isApplied;
      open.delete(request.sequence);
    },
    open: () => open.size,
  };
}
