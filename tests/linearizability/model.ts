// A sequential object: what the checker holds a history against.

/**
 * `step` is a function of its arguments alone. Two inputs with the same JSON are the same request.
 * An output is never undefined: that stands for an unknown one.
 */
export interface Model<S, I, O> {
  readonly initial: S;
  /** The state after `input` took effect and was answered `output`; undefined when no such answer could be given. */
  readonly step: (state: S, input: I, output: O | undefined) => { readonly state: S } | undefined;
  /** Whether, where this answer can be given at all, the state stays as it is: a read, or a failed comparison. */
  readonly isRead: (input: I, output: O) => boolean;
  /**
   * Whether `input` can be answered `output` after no choice of `others` from `state`. Saves the search from
   * going on after a mistake; absent, or false in doubt, it only takes longer.
   */
  readonly isOutOfReach?: (state: S, input: I, output: O, others: readonly I[]) => boolean;
  readonly equals: (a: S, b: S) => boolean;
  /** Any 32 bits; equal for equal states. */
  readonly hash: (state: S) => number;
  /** Operations with different keys do not touch the same part of the state: each key is judged alone. */
  readonly keyOf?: (input: I) => string;
}

export type Keyed<I> = I & { readonly key: string };

/** Many objects of one kind, one for each key. */
export function keyed<S, I, O>(model: Model<S, I, O>): Model<S, Keyed<I>, O> {
  return { ...model, keyOf: ({ key }) => key };
}

/** FNV-1a over UTF-16 units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash;
}
