// The scale subresource: how many, as autoscaling/v1 sees it.

import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { ReplicationController } from 'kubernetes-types/core/v1.d.ts';
import type { KubernetesObject } from '../../objects/kinds.ts';
import { formatSelector, selectorOf, selectorOfLabels } from '../../objects/label-selectors.ts';
import type { Selector } from '../../objects/label-selectors.ts';
import type { Exchange } from '../exchange.ts';
import { answer, namesOf } from '../exchange.ts';
import { isApplyPatch, parsePatch } from '../patch/apply-patch.ts';
import { checkAppliedKind, readAppliedBody } from '../patch/apply/applied-body.ts';
import { readNewest } from '../reads/get.ts';
import type { ApiResponse } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { decodeObject, isObject } from '../request/body.ts';
import { badRequest, invalid } from '../status.ts';
import { applied } from './apply.ts';
import { change } from './change.ts';
import { tracked } from './managed-fields.ts';
import { prepareChanged } from './preparation.ts';
import { checkDecidedFrom, checkNames } from './update.ts';
import { checkWriteOptions } from './writer.ts';

type Scalable = Deployment | ReplicaSet;

const MAX_REPLICAS = 2 ** 31 - 1;

/** Which pods count; a ReplicationController names labels where the others have a selector. */
function selectorIn(object: KubernetesObject): Selector | undefined {
  if (object.kind !== 'ReplicationController')
    return selectorOf((object as Scalable).spec?.selector);
  return selectorOfLabels((object as ReplicationController).spec?.selector);
}

/** The object's Scale. */
export function scaleOf(object: KubernetesObject): JsonObject {
  const { metadata, spec, status } = object as Scalable;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata ?? {};
  const selector = selectorIn(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec?.replicas ?? 0 },
    status: {
      replicas: status?.replicas ?? 0,
      ...(selector === undefined ? {} : { selector: formatSelector(selector) }),
    },
  };
}

/** The replicas a Scale asks for; none is 0, as in Kubernetes. Throws 400 or 422. */
function replicasOf(exchange: Exchange, scale: JsonObject): number {
  const kind = scale['kind'] ?? 'Scale';
  if (kind !== 'Scale') throw badRequest(`a Scale is needed, not a ${JSON.stringify(kind)}`);
  const spec = scale['spec'] ?? {};
  if (!isObject(spec)) throw badRequest('spec must be an object');
  const replicas = spec['replicas'] ?? 0;
  if (!Number.isInteger(replicas) || Math.abs(Number(replicas)) > MAX_REPLICAS) {
    throw badRequest(`spec.replicas must be a whole number, not ${JSON.stringify(replicas)}`);
  }
  if (Number(replicas) < 0) {
    const message = `Invalid value: ${Number(replicas)}: must be greater than or equal to 0`;
    throw invalid(
      { ...namesOf(exchange), kind: 'Scale', group: 'autoscaling' },
      exchange.route.name,
      [{ reason: 'FieldValueInvalid', message, field: 'spec.replicas' }],
    );
  }
  return Number(replicas);
}

/** Answers a get of the scale. */
export const getScale = async (exchange: Exchange): Promise<ApiResponse> =>
  answer(exchange, scaleOf(await readNewest(exchange)));

/** How a Scale of now becomes the Scale that is wanted. */
function scaling({ request, route }: Exchange): (scale: JsonObject) => JsonObject {
  if (route.verb === 'patch') {
    const apply = parsePatch(request);
    return (scale) => apply(scale, undefined);
  }
  const body = decodeObject(request.body, request.headers['content-type']);
  return () => body;
}

/** Answers an update or patch of the scale. */
export async function writeScale(exchange: Exchange): Promise<ApiResponse> {
  const { request, route } = exchange;
  if (route.verb === 'patch' && isApplyPatch(request)) return applyScale(exchange);
  checkWriteOptions(exchange, false);
  const scaled = scaling(exchange);
  const { object } = await change(
    exchange,
    (old) => {
      const scale = scaled(scaleOf(old));
      checkNames(exchange, scale);
      checkDecidedFrom(exchange, scale, old);
      const replicas = replicasOf(exchange, scale);
      const next = { ...old, spec: { ...(old as Scalable).spec, replicas } };
      return tracked(exchange, prepareChanged(exchange, next, old, 'object'), old, 'scale');
    },
    { retries: true },
  );
  return answer(exchange, scaleOf(object));
}

/** A Scale applied: who applies it manages how many there are, and nothing else. */
async function applyScale(exchange: Exchange): Promise<ApiResponse> {
  const { request } = exchange;
  checkWriteOptions(exchange, true);
  const scale = readAppliedBody(request);
  checkAppliedKind(scale, { apiVersion: 'autoscaling/v1', kind: 'Scale', definition: '' });
  checkNames(exchange, scale);
  const replicas = replicasOf(exchange, scale);
  const { object } = await change(
    exchange,
    (old) => {
      checkDecidedFrom(exchange, scale, old);
      const isSaid = isObject(scale['spec']) && scale['spec']['replicas'] !== undefined;
      const wanted = isSaid ? { spec: { replicas } } : {};
      return applied(exchange, wanted, old, 'scale');
    },
    { retries: true },
  );
  return answer(exchange, scaleOf(object));
}
