// What the objects' rules make of a body, with their refusals as Kubernetes tells them.

import type { Namespace } from 'kubernetes-types/core/v1.d.ts';
import { randomUuid } from '../../../runtime/index.ts';
import type { FieldError } from '../../objects/field-errors.ts';
import type { KindName, KubernetesObject } from '../../objects/kinds.ts';
import { randomNameSuffix } from '../../objects/meta.ts';
import type { Stored } from '../../objects/objects.ts';
import type { Prepared } from '../../objects/write-preparation.ts';
import { prepareCreate, prepareUpdate } from '../../objects/write-preparation.ts';
import { checkEscalation } from '../authorization/escalation.ts';
import type { Exchange } from '../exchange.ts';
import { namesOf } from '../exchange.ts';
import type { JsonObject } from '../request/body.ts';
import { isObject } from '../request/body.ts';
import { fieldValidation } from '../request/parameters.ts';
import type { StatusCause } from '../status.ts';
import { badRequest, invalid, unprocessable } from '../status.ts';

/** Which part of an object a write may change. */
export type Part = 'object' | 'status' | 'finalize';

const toCause = ({ path, message, reason }: FieldError): StatusCause => ({
  reason,
  message,
  field: path,
});

/** The prepared object, with its warnings noted; throws the refusal. */
function settled(exchange: Exchange, name: string, prepared: Prepared<KindName>): KubernetesObject {
  if (prepared.ok) {
    exchange.warnings.push(...prepared.warnings);
    return prepared.object;
  }
  if (prepared.reason === 'invalid') {
    throw invalid(namesOf(exchange), name, prepared.errors.map(toCause));
  }
  const { kind, version } = exchange.definition.names;
  const isStrict = prepared.message.startsWith('strict decoding error');
  const words = isStrict
    ? `${kind} in version "${version}" cannot be handled as a ${kind}: ${prepared.message}`
    : prepared.message;
  throw exchange.route.verb === 'patch' ? unprocessable(words) : badRequest(words);
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
  };
  const validation = fieldValidation(request.query);
  const object = settled(
    exchange,
    name,
    prepareCreate<KindName>(definition.names.kind, body, creation, validation),
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
  const { definition, request, route } = exchange;
  const prepared = prepareUpdate<KindName>(
    definition.names.kind,
    old as Stored<KindName>,
    body,
    part === 'status' ? part : undefined,
    fieldValidation(request.query),
  );
  const object = settled(exchange, route.name, prepared);
  checkEscalation(exchange, object, old);
  return object;
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
