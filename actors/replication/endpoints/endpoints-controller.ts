// Keeps the EndpointSlices of every Service with a selector.

import type { Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { randomUuid } from '../../../runtime/index.ts';
import type { Controller, Moment, Plan } from '../../duties/controller.ts';
import { NO_PLAN, parseWorkKey, workKey } from '../../duties/controller.ts';
import { matchesLabels, selectorOfLabels } from '../../objects/label-selectors.ts';
import { generatedName, randomNameSuffix, timestamp } from '../../objects/meta.ts';
import { controllerReference } from '../../objects/owner-reference.ts';
import type { ObjectChange, ObjectView, ObjectWrite } from '../../objects/objects.ts';
import { sameJson } from '../canonical-json.ts';
import { backendOf } from './endpoint.ts';
import type { Slicing } from './slicing.ts';
import { sliceEndpoints } from './slicing.ts';

const SERVICE_LABEL = 'kubernetes.io/service-name';
const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';
const MANAGER = 'endpoints.skein.dev';
/** Slices changed in one transaction at most; the rest follows at once. */
const BURST_LIMIT = 50;

function slicesOf(view: ObjectView, namespace: string, service: string) {
  return view.list('EndpointSlice', namespace).filter(({ metadata }) => {
    const labels = metadata?.labels ?? {};
    return labels[SERVICE_LABEL] === service && labels[MANAGED_BY_LABEL] === MANAGER;
  });
}

function labelsOf(service: Service): Record<string, string> {
  return {
    ...service.metadata?.labels,
    [SERVICE_LABEL]: service.metadata?.name ?? '',
    [MANAGED_BY_LABEL]: MANAGER,
    ...(service.spec?.clusterIP === 'None' ? { [HEADLESS_LABEL]: '' } : {}),
  };
}

function newSlice(
  service: Service,
  { ports, endpoints }: Slicing['create'][number],
  moment: Moment,
): EndpointSlice {
  const generateName = `${service.metadata?.name ?? ''}-`;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: generatedName(generateName, randomNameSuffix(moment.random)),
      generateName,
      namespace: service.metadata?.namespace ?? 'default',
      uid: randomUuid(moment.random),
      creationTimestamp: timestamp(moment.nowMs),
      generation: 1,
      labels: labelsOf(service),
      ownerReferences: [controllerReference('Service', service)],
    },
    addressType: 'IPv4',
    endpoints: [...endpoints],
    ports: [...ports],
  };
}

/** Slices whose labels no longer follow the Service's. */
function relabelled(
  service: Service,
  slices: readonly EndpointSlice[],
  slicing: Slicing,
): readonly EndpointSlice[] {
  const labels = labelsOf(service);
  const names = new Set(
    [...slicing.update, ...slicing.remove].map(({ metadata }) => metadata?.name),
  );
  const rest = slices.filter((slice) => {
    return !names.has(slice.metadata?.name) && !sameJson(slice.metadata?.labels, labels);
  });
  return [...slicing.update, ...rest].map((slice) => ({
    ...slice,
    metadata: {
      ...slice.metadata,
      labels,
      generation: (slice.metadata?.generation ?? 0) + 1,
    },
  }));
}

/** The decision for one Service. */
export function reconcileEndpoints(view: ObjectView, key: string, moment: Moment): Plan {
  const { namespace, name } = parseWorkKey(key);
  const service = view.get('Service', namespace, name);
  const slices = slicesOf(view, namespace, name);
  const remove = (gone: readonly EndpointSlice[]): ObjectWrite[] =>
    gone.map((object) => ({ type: 'delete', kind: 'EndpointSlice', object }));
  const isGone = service === undefined || service.metadata?.deletionTimestamp !== undefined;
  if (isGone || service.spec?.type === 'ExternalName') {
    return { writes: remove(slices).slice(0, BURST_LIMIT) };
  }
  const selector = selectorOfLabels(service.spec?.selector);
  // Without a selector the slices are somebody else's.
  if (selector === undefined) return NO_PLAN;
  const backends = view.list('Pod', namespace).flatMap((pod) => {
    if (!matchesLabels(selector, pod.metadata?.labels)) return [];
    const node = view.get('Node', '', pod.spec?.nodeName ?? '');
    return backendOf(service, pod, node) ?? [];
  });
  const slicing = sliceEndpoints(slices, backends);
  const writes: ObjectWrite[] = [
    ...relabelled(service, slices, slicing).map((object) => ({
      type: 'update' as const,
      kind: 'EndpointSlice' as const,
      object,
    })),
    ...slicing.create.map((contents) => ({
      type: 'create' as const,
      kind: 'EndpointSlice' as const,
      object: newSlice(service, contents, moment),
    })),
    ...remove(slicing.remove),
  ];
  return {
    writes: writes.slice(0, BURST_LIMIT),
    ...(writes.length > BURST_LIMIT ? { requeueAfterMs: 0 } : {}),
  };
}

/** What of a pod its endpoint is made of: other changes mean no work. */
function endpointFacts(pod: ObjectChange<'Pod'>['object']): unknown {
  return (
    pod && [
      pod.metadata?.labels,
      pod.metadata?.deletionTimestamp !== undefined,
      pod.spec?.nodeName,
      pod.spec?.hostname,
      pod.status?.podIP,
      pod.status?.phase,
      pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
    ]
  );
}

function keysOfPod(change: ObjectChange<'Pod'>, view: ObjectView): readonly string[] {
  const { object, previous } = change;
  if (sameJson(endpointFacts(object), endpointFacts(previous))) return [];
  const { namespace } = change.key;
  return view
    .list('Service', namespace)
    .filter(({ spec }) => {
      const selector = selectorOfLabels(spec?.selector);
      return [object, previous].some(
        (pod) => pod !== undefined && matchesLabels(selector, pod.metadata?.labels),
      );
    })
    .map(({ metadata }) => workKey(namespace, metadata?.name));
}

function keysOf(change: ObjectChange, view: ObjectView): readonly string[] {
  const { namespace, name } = change.key;
  if (change.kind === 'Pod') return keysOfPod(change as ObjectChange<'Pod'>, view);
  if (change.kind === 'Service') return [workKey(namespace, name)];
  const labels = (change.object ?? change.previous)?.metadata?.labels ?? {};
  const service = labels[SERVICE_LABEL];
  return service === undefined ? [] : [workKey(namespace, service)];
}

export const endpointsController: Controller = {
  name: 'endpoints',
  kinds: ['Service', 'Pod', 'EndpointSlice'],
  keysOf,
  allKeys: (view) =>
    view.list('Service').map(({ metadata }) => workKey(metadata?.namespace, metadata?.name)),
  reconcile: reconcileEndpoints,
};
