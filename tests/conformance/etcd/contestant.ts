// What the two stores are both asked, and the one shape in which they answer.

import type {
  KeyValue,
  RangeOptions,
  Revision,
  Transaction,
  TransactionResult,
  WatchEvent,
} from '../../../consensus/index.ts';

/** Refusals by what they mean to whoever asks. */
export type RefusalKind =
  | 'compacted'
  | 'future revision'
  | 'too many operations'
  | 'duplicate key'
  | 'empty key'
  | 'no such lease'
  | 'lease exists';

export type Answer<T> = T | { readonly refused: RefusalKind };

export interface RangeAnswer {
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
}

/** What a watch has heard so far. */
export interface Watched {
  readonly heard: (readonly [revision: Revision, events: readonly WatchEvent[]])[];
  isCompacted: boolean;
}

export interface Contestant {
  readonly transact: (transaction: Transaction) => Promise<Answer<TransactionResult>>;
  readonly range: (
    from: string,
    end: string,
    options: RangeOptions,
  ) => Promise<Answer<RangeAnswer>>;
  readonly count: (from: string, end: string, revision: Revision) => Promise<Answer<number>>;
  readonly grant: (id: number) => Promise<Answer<'granted'>>;
  readonly revoke: (id: number) => Promise<Answer<'revoked'>>;
  readonly compact: (revision: Revision) => Promise<Answer<'compacted'>>;
  readonly watch: (from: string, end: string, after: Revision) => Promise<Watched>;
  readonly revision: () => Promise<Revision>;
}
