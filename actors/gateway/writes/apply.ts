// Server-side apply: an applier says what it wants of an object, and who manages what decides the rest.

import { apiVersionOf, kindDefinition } from '../../objects/kind-table.ts';
import type { KubernetesObject } from '../../objects/kinds.ts';
import { timestamp } from '../../objects/meta.ts';
import { attributesOf } from '../authorization/attributes.ts';
import { mayNot } from '../authorization/refusal.ts';
import type { Exchange } from '../exchange.ts';
import { answerObject, namesOf } from '../exchange.ts';
import {
  checkAppliedFields,
  checkAppliedKind,
  readAppliedBody,
} from '../patch/apply/applied-body.ts';
import { applyConflict } from '../patch/apply/conflict.ts';
import { fieldTypeOf } from '../patch/apply/field-type.ts';
import { KUBECTL, remainingConflicts, withLastApplied } from '../patch/apply/last-applied.ts';
import type { Manager } from '../patch/apply/managers.ts';
import { apply, trackUpdate } from '../patch/apply/tracking.ts';
import type { ApiResponse } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { badRequest, conflict, StatusError } from '../status.ts';
import type { Changed } from './change.ts';
import { change } from './change.ts';
import { MAX_ATTEMPTS } from './commit.ts';
import { createObject } from './create.ts';
import type { Written } from './managed-fields.ts';
import { managersOf, ownable, ownedPart, withManagers } from './managed-fields.ts';
import type { Part } from './preparation.ts';
import { checkDuplicateFields, prepareChanged, prepareNew, writtenOf } from './preparation.ts';
import { checkDecidedFrom, checkNames, withNames } from './update.ts';
import { checkWriteOptions, isForced, writerOf } from './writer.ts';

/** Who is named for all that was there before anything was tracked. */
const BEFORE_FIRST_APPLY = 'before-first-apply';

interface Outcome {
  readonly object: JsonObject;
  readonly managers: readonly Manager[];
}

/** What is wanted laid over an object or nothing. Throws 409 with all conflicts. */
function outcomeOf(
  exchange: Exchange,
  wanted: JsonObject,
  old: KubernetesObject | undefined,
  written: Written,
): Outcome {
  const { definition, gateway } = exchange;
  const type = fieldTypeOf(definition.schema);
  const now = { time: timestamp(gateway.clock.wallMs()) };
  const writer = writerOf(exchange, 'Apply', written);
  const known = old === undefined ? [] : managersOf(definition, old);
  const live = old === undefined ? {} : ownable(definition, old, written);
  const first = { ...writer, name: BEFORE_FIRST_APPLY, operation: 'Update' } as const;
  const isUntracked = old !== undefined && known.length === 0;
  const managers = isUntracked ? trackUpdate([], {}, live, type, first, now) : known;
  const attempt = (force: boolean): Outcome => {
    const result = apply(managers, live, wanted, type, writer, force, now);
    if (result.ok) return { object: result.object as JsonObject, managers: result.managers };
    const left =
      writer.name === KUBECTL ? remainingConflicts(result.conflicts, live, type) : result.conflicts;
    if (left.length > 0) throw applyConflict(left);
    return attempt(true);
  };
  const outcome = attempt(isForced(exchange));
  const isKubectl = writer.name === KUBECTL && written === '';
  return isKubectl ? { ...outcome, object: withLastApplied(outcome.object, wanted) } : outcome;
}

/** The object with the part that was written in its place. */
function wholeOf(
  { definition }: Exchange,
  object: JsonObject,
  old: KubernetesObject,
  written: Written,
): JsonObject {
  const { spec, status } = old as JsonObject;
  if (written === 'status' || written === 'approval') return { ...(old as JsonObject), ...object };
  if (written !== '') {
    return { ...(old as JsonObject), spec: { ...(spec as object), ...(object['spec'] as object) } };
  }
  return definition.strategy.hasStatus ? { ...object, status } : object;
}

/** The next state of an object after an apply of `wanted`, with its managers. Throws 409, 422. */
export function applied(
  exchange: Exchange,
  wanted: JsonObject,
  old: KubernetesObject,
  written: Written,
): KubernetesObject {
  const { definition } = exchange;
  const { object, managers } = outcomeOf(exchange, wanted, old, written);
  const whole = wholeOf(exchange, object, old, written);
  const part = written === '' || written === 'scale' ? 'object' : written;
  const next = prepareChanged(exchange, withNames(exchange, whole), old, part);
  return withManagers(definition, next, managers, old);
}

/** A new object from an apply. */
function newObject(exchange: Exchange, body: JsonObject): KubernetesObject {
  const wanted = ownedPart(exchange.definition, body, '');
  const { object, managers } = outcomeOf(exchange, wanted, undefined, '');
  return withManagers(exchange.definition, prepareNew(exchange, object), managers, undefined);
}

/** Whoever may patch need not be one who may create. Throws 403. */
function checkMayCreate({ user, route, request, authorization }: Exchange): void {
  const asked = attributesOf({ ...route, verb: 'create' }, request.method, request.query);
  const { allowed, reason } = authorization.authorize(user, asked);
  if (!allowed) throw mayNot(user, asked, reason);
}

function checkNew(exchange: Exchange, body: JsonObject): void {
  const { uid = '', resourceVersion = '' } = (body['metadata'] ?? {}) as Record<string, string>;
  const { name } = exchange.route;
  if (uid !== '') {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(namesOf(exchange), name, why);
  }
  if (resourceVersion !== '') throw conflict(namesOf(exchange), name);
}

/** Changes the object, or creates it when it is not there. */
async function applyOrCreate(
  exchange: Exchange,
  body: JsonObject,
  part: Exclude<Part, 'finalize'>,
): Promise<Changed & { readonly isNew: boolean }> {
  const written = writtenOf(part);
  const wanted = ownedPart(exchange.definition, body, written);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    try {
      const decide = (old: KubernetesObject): KubernetesObject => {
        checkDecidedFrom(exchange, body, old);
        return applied(exchange, wanted, old, written);
      };
      return { ...(await change(exchange, decide, { retries: true })), isNew: false };
    } catch (error) {
      const isMissing = error instanceof StatusError && error.status.code === 404;
      if (!isMissing || part !== 'object') throw error;
    }
    checkMayCreate(exchange);
    checkNew(exchange, body);
    try {
      const object = await createObject(exchange, () => newObject(exchange, body), false);
      return { object, removed: false, isNew: true };
    } catch (error) {
      const isThere = error instanceof StatusError && error.status.reason === 'AlreadyExists';
      if (!isThere) throw error;
    }
  }
  throw conflict(namesOf(exchange), exchange.route.name);
}

/** Answers a server-side apply. */
export async function applyServerSide(
  exchange: Exchange,
  part: Exclude<Part, 'finalize'>,
): Promise<ApiResponse> {
  const { request, definition, route } = exchange;
  checkWriteOptions(exchange, true);
  if (definition.form !== undefined) {
    const { plural } = definition.names;
    const stored = apiVersionOf(kindDefinition(definition.names.kind).names);
    throw badRequest(
      `${plural} are applied as ${stored}, in which they are stored: ${apiVersionOf(definition.names)} has no server-side apply`,
    );
  }
  const body = readAppliedBody(request);
  checkDuplicateFields(exchange);
  const { kind } = definition.names;
  const applicable = {
    apiVersion: apiVersionOf(definition.names),
    kind,
    definition: definition.schema,
  };
  checkAppliedKind(body, applicable);
  checkNames(exchange, body);
  const place = route.namespace === '' ? `/${route.name}` : `${route.namespace}/${route.name}`;
  checkAppliedFields(body, applicable, place);
  const { object, isNew } = await applyOrCreate(exchange, withNames(exchange, body), part);
  return answerObject(exchange, object, isNew ? 201 : 200);
}
