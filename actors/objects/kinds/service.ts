// Service: one address for the pods that a selector finds.

import type { Service, ServicePort, ServiceSpec } from 'kubernetes-types/core/v1.d.ts';
import type { KindDefinition } from '../kind-definition.ts';
import { formatSelector, selectorOfLabels } from '../label-selectors.ts';
import { label1035Problems } from '../name-rules.ts';
import { ageColumn, column, nameColumn, wideColumn } from './columns.ts';
import { validateService, validateServiceUpdate } from './service-validation.ts';

/** How long a client stays with one pod under sessionAffinity ClientIP. */
const AFFINITY_SECONDS = 10_800;

export const serviceKind: KindDefinition<'Service'> = {
  names: {
    kind: 'Service',
    group: '',
    version: 'v1',
    plural: 'services',
    singular: 'service',
    shortNames: ['svc'],
    categories: ['all'],
    namespaced: true,
  },
  schema: 'core.v1.Service',
  subresources: ['proxy', 'status'],
  columns: [
    nameColumn(),
    column('Type', 'How it is reached.', ({ spec }) => spec?.type ?? ''),
    column('Cluster-IP', 'Its address in the zone.', ({ spec }) => spec?.clusterIP || '<none>'),
    column('External-IP', 'Its addresses from outside.', externalText),
    column('Port(s)', 'Its ports, with node ports.', ({ spec }) => portsText(spec?.ports)),
    ageColumn(),
    wideColumn('Selector', 'Labels of its pods.', selectorColumnText),
  ],
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec?.clusterIP ?? '',
    'spec.type': ({ spec }) => spec?.type ?? '',
  },
  strategy: {
    nameProblems: label1035Problems,
    setDefaults: (service) => {
      service.spec ??= {};
      setDefaults(service.spec);
    },
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    hasStatus: true,
    countsGenerations: false,
    prepareCreate: (service) => {
      Object.assign(service, { status: { loadBalancer: {} } });
    },
    prepareUpdate: (next, old) => {
      dropOldTypeFields(next.spec, old.spec);
      keepAddresses(next, old);
    },
  },
};

function setDefaults(spec: ServiceSpec): void {
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= AFFINITY_SECONDS;
  }
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    port.targetPort ||= port.port;
  }
  if (spec.type === 'ExternalName') return;
  spec.internalTrafficPolicy ??= 'Cluster';
  const external = spec.type !== 'ClusterIP' || (spec.externalIPs ?? []).length > 0;
  if (external) spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  spec.ipFamilyPolicy ??= 'SingleStack';
  spec.ipFamilies ??= [spec.clusterIP?.includes(':') === true ? 'IPv6' : 'IPv4'];
  if ((spec.clusterIP ?? '') !== '') spec.clusterIPs ??= [spec.clusterIP!];
  else if (spec.clusterIPs?.[0] !== undefined) spec.clusterIP = spec.clusterIPs[0];
}

/** Who changes only the type need not clear by hand what belonged to the old one. */
function dropOldTypeFields(
  next: ServiceSpec | undefined,
  old: Readonly<ServiceSpec> | undefined,
): void {
  if (next === undefined || old === undefined || next.type === old.type) return;
  if (hasNodePorts(old) && !hasNodePorts(next)) {
    for (const port of next.ports ?? []) {
      if (old.ports?.some((was) => was.nodePort === port.nodePort)) delete port.nodePort;
    }
    delete next.allocateLoadBalancerNodePorts;
    if ((next.externalIPs ?? []).length === 0) delete next.externalTrafficPolicy;
  }
  if (next.type === 'ExternalName' && next.clusterIP === old.clusterIP) {
    delete next.clusterIP;
    delete next.clusterIPs;
    delete next.ipFamilies;
    delete next.ipFamilyPolicy;
    delete next.internalTrafficPolicy;
  }
}

/** An update that leaves out what was allocated keeps it, while the type still calls for it. */
function keepAddresses(next: Service, old: Readonly<Service>): void {
  const [spec, was] = [next.spec, old.spec];
  if (spec === undefined || was === undefined) return;
  const headless = was.clusterIP === 'None';
  if (spec.type !== 'ExternalName' && was.type !== 'ExternalName' && !headless) {
    if ((spec.clusterIP ?? '') === '' && was.clusterIP !== undefined) {
      spec.clusterIP = was.clusterIP;
      spec.clusterIPs = [...(was.clusterIPs ?? [was.clusterIP])];
    }
  }
  if (!hasNodePorts(spec) || !hasNodePorts(was)) return;
  for (const port of spec.ports ?? []) {
    const same = was.ports?.find((one) => samePort(one, port));
    if (same?.nodePort !== undefined) port.nodePort ??= same.nodePort;
  }
}

const hasNodePorts = ({ type }: Readonly<ServiceSpec>): boolean =>
  type === 'NodePort' || type === 'LoadBalancer';

const samePort = (left: ServicePort, right: ServicePort): boolean =>
  left.port === right.port && left.protocol === right.protocol;

function externalText({ spec, status }: Readonly<Service>): string {
  if (spec?.type === 'ExternalName') return spec.externalName ?? '<none>';
  const given = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname);
  const all = [...(spec?.type === 'LoadBalancer' ? given : []), ...(spec?.externalIPs ?? [])];
  if (all.length > 0) return all.join(',');
  return spec?.type === 'LoadBalancer' ? '<pending>' : '<none>';
}

function portsText(ports: readonly ServicePort[] | undefined): string {
  const texts = (ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort === undefined || nodePort === 0
      ? `${port}/${protocol}`
      : `${port}:${nodePort}/${protocol}`,
  );
  return texts.join(',') || '<none>';
}

function selectorColumnText({ spec }: Readonly<Service>): string {
  return formatSelector(selectorOfLabels(spec?.selector) ?? []) || '<none>';
}
