// Objects out of a store: the view that follows it, and writes that are conditional on what was seen.

import type { Compare, KeyValue, Operation, Store, Transaction } from '../../consensus/index.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import { encodeObject } from './object-codec.ts';
import { formatObjectKey, objectKey, storeKey } from './object-keys.ts';
import { createObjectView } from './object-view.ts';
import type { ObjectKey, Objects, ObjectWrite } from './objects.ts';

/** One transaction may carry this many objects. */
export const WRITES_LIMIT = 256;

interface PreparedWrite {
  readonly key: ObjectKey;
  readonly storeKey: string;
  readonly type: ObjectWrite['type'];
  readonly compare: Compare;
  readonly operation: Operation;
}

/** Objects of this store, with how to stop following it. */
export interface ObjectStore extends Objects {
  readonly close: () => void;
}

/**
 * The typed view of a store and the way to write to it. `write` resolves once the view has the change.
 * Errors of `write`: already-exists, not-found, conflict (each names the object), invalid (an update or
 * delete without resourceVersion, one object twice, too many), and those of `Store.transact`.
 */
export function createObjects(store: Store): ObjectStore {
  const view = createObjectView(store);

  const write: Objects['write'] = async (writes, also) => {
    const prepared: PreparedWrite[] = [];
    for (const one of writes) {
      const result = prepareWrite(one);
      if (result instanceof SkeinError) return failed(result);
      prepared.push(result);
    }
    const refusal = refuse(prepared);
    if (refusal !== undefined) return failed(refusal);

    const outcome = await store.transact(transactionOf(prepared, also));
    if (!outcome.ok) return outcome;
    if (outcome.value.succeeded) {
      await view.reached(outcome.value.revision);
      return ok({ revision: outcome.value.revision });
    }
    const found = outcome.value.responses.map((response) =>
      response.type === 'range' ? response.kvs[0] : undefined,
    );
    return failed(whyRefused(prepared, found, also));
  };

  return { view, write, close: view.close };
}

function transactionOf(
  prepared: readonly PreparedWrite[],
  also: Pick<Transaction, 'compare' | 'success'> | undefined,
): Transaction {
  return {
    compare: [...prepared.map(({ compare }) => compare), ...(also?.compare ?? [])],
    success: [...prepared.map(({ operation }) => operation), ...(also?.success ?? [])],
    // What is there instead, so that the refusal can say why.
    failure: prepared.map(({ storeKey: key }) => ({ type: 'range', key })),
  };
}

function prepareWrite(write: ObjectWrite): PreparedWrite | SkeinError {
  const key = objectKey(write.kind, write.object);
  const at = storeKey(key);
  if (key.name === '') {
    return new SkeinError('invalid', `a ${write.kind} without metadata.name cannot be written`);
  }
  const compare = write.type === 'create' ? mustNotExist(at) : mustBeNewest(at, write);
  if (compare === undefined) {
    const message = `${formatObjectKey(key)} has no metadata.resourceVersion: read it before you ${write.type} it`;
    return new SkeinError('invalid', message);
  }
  const operation: Operation =
    write.type === 'delete'
      ? { type: 'delete', key: at }
      : { type: 'put', key: at, value: encodeObject(write.kind, write.object) };
  return { key, storeKey: at, type: write.type, compare, operation };
}

const mustNotExist = (key: string): Compare => ({ target: 'create', key, is: '=', to: 0 });

function mustBeNewest(key: string, { object }: ObjectWrite): Compare | undefined {
  const revision = Number(object.metadata?.resourceVersion ?? '');
  if (!Number.isSafeInteger(revision) || revision <= 0) return undefined;
  return { target: 'mod', key, is: '=', to: revision };
}

function refuse(prepared: readonly PreparedWrite[]): SkeinError | undefined {
  if (prepared.length > WRITES_LIMIT) {
    const message = `${prepared.length} objects in one write; at most ${WRITES_LIMIT}: split it`;
    return new SkeinError('too-large', message);
  }
  const seen = new Set<string>();
  for (const { key, storeKey: at } of prepared) {
    if (seen.has(at)) {
      return new SkeinError('invalid', `${formatObjectKey(key)} is written twice at once`);
    }
    seen.add(at);
  }
  return undefined;
}

function whyRefused(
  prepared: readonly PreparedWrite[],
  found: readonly (KeyValue | undefined)[],
  also: Pick<Transaction, 'compare' | 'success'> | undefined,
): SkeinError {
  for (const [index, { key, type, compare }] of prepared.entries()) {
    const kv = found[index];
    const details = { kind: key.kind, namespace: key.namespace, name: key.name };
    const object = formatObjectKey(key);
    if (type === 'create') {
      if (kv === undefined) continue;
      return new SkeinError('already-exists', `${object} already exists`, details);
    }
    if (kv === undefined) return new SkeinError('not-found', `${object} not found`, details);
    if (kv.modRevision === compare.to) continue;
    const message = `${object} was changed meanwhile (revision ${kv.modRevision}, decided from ${compare.to}): read it and decide again`;
    return new SkeinError('conflict', message, details);
  }
  const keys = [...new Set(also?.compare.map(({ key }) => key))].join(', ');
  return new SkeinError('conflict', `${keys} changed meanwhile: read and decide again`, { keys });
}
