// What the objects' rules make of a body, with their refusals as Kubernetes tells them.

import type { Namespace } from 'kubernetes-types/core/v1.d.ts';
import type { ManagedFieldsEntry } from 'kubernetes-types/meta/v1.d.ts';
import { randomUuid } from '../../../runtime/index.ts';
import type { FieldError } from '../../objects/field-errors.ts';
import type { PartName, StatusSubresource } from '../../objects/kind-definition.ts';
import type { KindName, KubernetesObject } from '../../objects/kinds.ts';
import { randomNameSuffix } from '../../objects/meta.ts';
import type { Stored } from '../../objects/objects.ts';
import { readServed } from '../../objects/served-kinds.ts';
import type { Prepared } from '../../objects/write-preparation.ts';
import { prepareCreate, prepareUpdate } from '../../objects/write-preparation.ts';
import { checkEscalation } from '../authorization/escalation.ts';
import type { Exchange } from '../exchange.ts';
import { namesOf } from '../exchange.ts';
import type { JsonObject } from '../request/body.ts';
import { isObject, MAX_BODY_BYTES, mediaTypeOf } from '../request/body.ts';
import { duplicateFields } from '../request/duplicate-fields.ts';
import { fieldValidation } from '../request/parameters.ts';
import type { Written } from './managed-fields.ts';
import type { StatusCause, StatusError } from '../status.ts';
import { badRequest, invalid } from '../status.ts';

/** Which part of an object a write may change. */
export type Part = 'object' | 'finalize' | StatusSubresource | PartName;

/** What managedFields calls that part. */
export const writtenOf = (part: Exclude<Part, 'finalize'>): Written =>
  part === 'object' ? '' : part;

const toCause = ({ path, message, reason }: FieldError): StatusCause => ({
  reason,
  message,
  field: path,
});

/** Characters of a patch that are told back. */
const TOLD_PATCH_LENGTH = 1_024;

/** 422 for a patch that makes something that cannot be read, as Kubernetes tells it. */
function invalidPatch({ request }: Exchange, why: string): StatusError {
  const text = Buffer.from(request.body).toString().slice(0, TOLD_PATCH_LENGTH);
  const message = `Invalid value: ${JSON.stringify(text)}: ${why}`;
  const nameless = { group: '', plural: '', kind: '' };
  return invalid(nameless, '', [{ reason: 'FieldValueInvalid', message, field: 'patch' }]);
}

/** Meets fields that the body gives twice as the request asks: refused, told or passed over. Throws 400 or 422. */
export function checkDuplicateFields(exchange: Exchange): void {
  const { request, route, definition } = exchange;
  const validation = fieldValidation(request.query);
  const isJson = /json|^$|apply-patch/.test(mediaTypeOf(request.headers['content-type']));
  if (validation === 'Ignore' || !isJson || request.body.length > MAX_BODY_BYTES) return;
  const text = Buffer.from(request.body).toString();
  if (!/^\s*[{[]/.test(text)) return;
  const told = duplicateFields(text).map((path) => `duplicate field ${JSON.stringify(path)}`);
  if (told.length === 0) return;
  if (validation === 'Warn') {
    exchange.warnings.push(...told);
    return;
  }
  const words = `strict decoding error: ${told.join(', ')}`;
  if (route.verb === 'patch') throw invalidPatch(exchange, words);
  const { kind, version } = definition.names;
  throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${words}`);
}

/** The prepared object, with its warnings noted; throws the refusal. */
function settled(exchange: Exchange, name: string, prepared: Prepared<KindName>): KubernetesObject {
  if (prepared.ok) {
    exchange.warnings.push(...prepared.warnings);
    return prepared.object;
  }
  if (prepared.reason === 'invalid') {
    throw invalid(namesOf(exchange), name, prepared.errors.map(toCause));
  }
  if (exchange.route.verb === 'patch') throw invalidPatch(exchange, prepared.message);
  const { kind, version } = exchange.definition.names;
  const isStrict = prepared.message.startsWith('strict decoding error');
  const words = isStrict
    ? `${kind} in version "${version}" cannot be handled as a ${kind}: ${prepared.message}`
    : prepared.message;
  throw badRequest(words);
}

/** The body in the form in which its kind is stored. Throws as `prepareNew` does. */
function inStoredForm(exchange: Exchange, body: JsonObject, name: string, isNew: boolean): object {
  const { definition, request } = exchange;
  if (definition.form === undefined) return body;
  const validation = fieldValidation(request.query);
  return settled(exchange, name, readServed(definition, body, validation, isNew));
}

/** A new object, whole. Throws 400 for what cannot be read, 422 for what breaks a rule. */
export function prepareNew(exchange: Exchange, body: JsonObject): KubernetesObject {
  const { definition, gateway, request } = exchange;
  const metadata = body['metadata'];
  const given = isObject(metadata) ? (metadata['name'] ?? metadata['generateName']) : '';
  const name = typeof given === 'string' ? given : '';
  const creation = {
    nowMs: gateway.clock.wallMs(),
    uid: randomUuid(gateway.random),
    nameSuffix: randomNameSuffix(gateway.random),
    user: exchange.user,
  };
  const validation = fieldValidation(request.query);
  const object = settled(
    exchange,
    name,
    prepareCreate<KindName>(
      definition.names.kind,
      inStoredForm(exchange, body, name, true),
      creation,
      validation,
    ),
  );
  checkEscalation(exchange, object, undefined);
  return object;
}

/** The next state of an object. Throws as `prepareNew` does. */
export function prepareChanged(
  exchange: Exchange,
  body: JsonObject,
  old: KubernetesObject,
  part: Part,
): KubernetesObject {
  if (part === 'finalize') return finalized(body, old);
  const { definition, gateway, request, route } = exchange;
  const [plain, managedFields] = withoutManagers(body);
  const prepared = prepareUpdate<KindName>(
    definition.names.kind,
    old as Stored<KindName>,
    inStoredForm(exchange, plain, route.name, false),
    part === 'object' ? undefined : part,
    fieldValidation(request.query),
    gateway.clock.wallMs(),
  );
  const next = settled(exchange, route.name, prepared);
  checkEscalation(exchange, next, old);
  return managedFields === undefined
    ? next
    : { ...next, metadata: { ...next.metadata, managedFields } };
}

/** A body without its managedFields, which are as large as the rest and have rules of their own; and they. */
function withoutManagers(body: JsonObject): [JsonObject, ManagedFieldsEntry[] | undefined] {
  const { metadata } = body;
  if (!isObject(metadata) || metadata['managedFields'] === undefined) return [body, undefined];
  const { managedFields, ...rest } = metadata;
  if (managedFields === null) return [{ ...body, metadata: rest }, undefined];
  if (!Array.isArray(managedFields) || !managedFields.every(isObject)) return [body, undefined];
  return [{ ...body, metadata: rest }, managedFields];
}

/** A namespace whose finalizers are those of the body; nothing else of it changes. */
function finalized(body: JsonObject, old: KubernetesObject): KubernetesObject {
  const spec = body['spec'] ?? {};
  const finalizers = isObject(spec) ? (spec['finalizers'] ?? []) : undefined;
  if (!Array.isArray(finalizers) || finalizers.some((name) => typeof name !== 'string')) {
    throw badRequest('spec.finalizers must be a list of strings');
  }
  const next = { ...old, spec: { ...(old as Namespace).spec, finalizers } };
  return next;
}
