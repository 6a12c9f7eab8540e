// What a controller is: which changes wake which work, and a pure decision per piece of work.

import type { Transaction } from '../../consensus/index.ts';
import type { Random } from '../../runtime/index.ts';
import type { KindName, KubernetesObject } from '../objects/kinds.ts';
import type { ObjectChange, ObjectView, ObjectWrite } from '../objects/objects.ts';

/** Something worth telling about an object; becomes an Event, counted up when it repeats. */
export interface Note {
  readonly kind: KindName;
  readonly about: KubernetesObject;
  readonly type: 'Normal' | 'Warning';
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
}

/** What to do about one piece of work, decided from one revision. */
export interface Plan {
  /** All of these in one transaction, which fails as a whole when the view was old. */
  readonly writes: readonly ObjectWrite[];
  readonly also?: Pick<Transaction, 'compare' | 'success'> | undefined;
  /** Look again after this, also if nothing changes. */
  readonly requeueAfterMs?: number | undefined;
  readonly notes?: readonly Note[] | undefined;
}

/** Nothing to do. */
export const NO_PLAN: Plan = { writes: [] };

/** What a decision may look at. */
export interface Moment {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  readonly random: Random;
}

export interface Controller {
  /** Also the name of its duty and the source of its events. */
  readonly name: string;
  /** The kinds whose changes may mean work. */
  readonly kinds: readonly KindName[];
  /** The keys of the work that a change may mean. */
  readonly keysOf: (change: ObjectChange, view: ObjectView) => readonly string[];
  /** The keys of all work there can be: on start, and after the queue overflowed. */
  readonly allKeys: (view: ObjectView) => readonly string[];
  /** Pure. The same view, key and moment give the same plan; with nothing to do, no writes. */
  readonly reconcile: (view: ObjectView, key: string, moment: Moment) => Plan;
}

/** The key of work about one object: NAMESPACE/NAME. */
export const workKey = (namespace: string | undefined, name: string | undefined): string =>
  `${namespace ?? ''}/${name ?? ''}`;

/** The inverse of `workKey`. */
export function parseWorkKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
