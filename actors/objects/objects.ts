// The typed view of the store: parsed objects in, conditional writes out.

import type { Result } from '../../runtime/index.ts';
import type { KeyValue, Transaction } from '../../consensus/index.ts';
import type { KindName, ObjectTypes } from './kinds.ts';

/** An object of the store. Frozen: copy before changing. metadata.resourceVersion is its modRevision. */
export type Stored<K extends KindName> = Readonly<ObjectTypes[K]>;

export interface ObjectKey {
  readonly kind: KindName;
  /** '' for kinds without a namespace. */
  readonly namespace: string;
  readonly name: string;
}

export interface ObjectChange<K extends KindName = KindName> {
  readonly kind: K;
  readonly key: ObjectKey;
  /** Undefined when it was deleted. */
  readonly object: Stored<K> | undefined;
  /** Undefined when it was created. */
  readonly previous: Stored<K> | undefined;
}

export interface KindAndObject {
  readonly kind: KindName;
  readonly object: Stored<KindName>;
}

/** What this peer's replica holds, synchronously. */
export interface ObjectView {
  readonly revision: () => number;
  readonly get: <K extends KindName>(
    kind: K,
    namespace: string,
    name: string,
  ) => Stored<K> | undefined;
  readonly getByUid: <K extends KindName>(kind: K, uid: string) => Stored<K> | undefined;
  /** In key order. No namespace: all of them. */
  readonly list: <K extends KindName>(kind: K, namespace?: string) => readonly Stored<K>[];
  /** The same as they are in the store, none of them read: a snapshot, so that a long list can be answered little by little. */
  readonly texts: (kind: KindName, namespace?: string) => readonly KeyValue[];
  /** One of those, read. */
  readonly parsed: <K extends KindName>(text: KeyValue) => Stored<K>;
  /** Objects of `kind` whose controlling owner has this uid. */
  readonly listOwnedBy: <K extends KindName>(kind: K, ownerUid: string) => readonly Stored<K>[];
  /** Objects of any kind that name this uid among their owners. */
  readonly listDependents: (uid: string) => readonly KindAndObject[];
  /** Pods bound to this node. */
  readonly podsOnNode: (node: string) => readonly Stored<'Pod'>[];
  /** Every change of these kinds from now on, after the view has it. Returns how to stop. */
  readonly watch: (
    kinds: readonly KindName[],
    changed: (change: ObjectChange) => void,
  ) => () => void;
}

/**
 * A write, decided from a revision that was seen: create fails if the name exists, update and delete
 * fail if the object's metadata.resourceVersion is no longer the newest. Delete removes at once
 * (finalizers and grace are decided before).
 */
export type ObjectWrite =
  | { readonly type: 'create'; readonly kind: KindName; readonly object: ObjectTypes[KindName] }
  | { readonly type: 'update'; readonly kind: KindName; readonly object: ObjectTypes[KindName] }
  | { readonly type: 'delete'; readonly kind: KindName; readonly object: ObjectTypes[KindName] };

export interface Objects {
  readonly view: ObjectView;
  /**
   * All of these at one revision, or none: `conflict` when one was decided from an old revision.
   * `also` adds comparisons and operations on keys that are no objects (allocation records, duties).
   */
  readonly write: (
    writes: readonly ObjectWrite[],
    also?: Pick<Transaction, 'compare' | 'success'>,
  ) => Promise<Result<{ readonly revision: number }>>;
}
