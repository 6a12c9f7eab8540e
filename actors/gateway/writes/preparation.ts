// placeholder until objects has it
import type { KubernetesObject } from '../../objects/kinds.ts';
import { timestamp } from '../../objects/meta.ts';
import { checkAgainstSchema } from '../../objects/schema-validation.ts';
import { randomUuid } from '../../../runtime/index.ts';
import type { Exchange } from '../exchange.ts';
import { namesOf } from '../exchange.ts';
import type { JsonObject } from '../request/body.ts';
import { invalid } from '../status.ts';
import type { Part } from './update.ts';

export function prepareNew(exchange: Exchange, body: JsonObject): KubernetesObject {
  const { definition, gateway } = exchange;
  const verdict = checkAgainstSchema(definition.schema, body);
  const object = structuredClone(verdict.value) as never as KubernetesObject;
  object.metadata = { ...object.metadata, uid: randomUuid(gateway.random), creationTimestamp: timestamp(gateway.clock.wallMs()) };
  definition.strategy.prepareCreate?.(object as never);
  definition.strategy.setDefaults(object as never);
  const errors = definition.strategy.validate(object as never);
  if (errors.length) throw invalid(namesOf(exchange), object.metadata!.name!, errors.map(e => ({ field: e.path, message: e.message, reason: e.reason })));
  return object;
}
export function prepareChanged(exchange: Exchange, body: JsonObject, old: KubernetesObject, part: Part): KubernetesObject {
  const { definition } = exchange;
  const verdict = checkAgainstSchema(definition.schema, body);
  let object = structuredClone(verdict.value) as never as KubernetesObject;
  if (part === 'status') object = { ...old, status: (object as any).status } as never;
  return object;
}
