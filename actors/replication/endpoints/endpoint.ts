// One pod behind a Service: its address, its ports and whether it serves.

import type { Node, Pod, Service, ServicePort } from 'kubernetes-types/core/v1.d.ts';
import type { Endpoint, EndpointPort } from 'kubernetes-types/discovery/v1.d.ts';
import { isPodReady } from '../../objects/pod-status.ts';
import { isPodTerminal } from '../../objects/pod-status.ts';

const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** A pod that a Service selects, with the ports that its containers give the Service's. */
export interface Backend {
  readonly endpoint: Endpoint;
  readonly ports: readonly EndpointPort[];
}

/** The container's port that a Service port means; undefined when no container has a port of that name. */
function targetPort(
  pod: Pod,
  { port, targetPort: target, protocol }: ServicePort,
): number | undefined {
  if (target === undefined || typeof target === 'number') return target ?? port;
  for (const container of pod.spec?.containers ?? []) {
    for (const known of container.ports ?? []) {
      const isSame = known.name === target && (known.protocol ?? 'TCP') === (protocol ?? 'TCP');
      if (isSame) return known.containerPort;
    }
  }
  return undefined;
}

function portsOf(service: Service, pod: Pod): readonly EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(pod, servicePort);
    if (port === undefined) return [];
    const { name, protocol, appProtocol } = servicePort;
    return [
      {
        name: name ?? '',
        protocol: protocol ?? 'TCP',
        port,
        ...(appProtocol === undefined ? {} : { appProtocol }),
      },
    ];
  });
}

/** The backend that `pod` is; undefined while it has no address or after it has ended. */
export function backendOf(service: Service, pod: Pod, node: Node | undefined): Backend | undefined {
  const address = pod.status?.podIP;
  if (address === undefined || address === '' || isPodTerminal(pod)) return undefined;
  const isTerminating = pod.metadata?.deletionTimestamp !== undefined;
  const isServing = isPodReady(pod);
  const isAlwaysReady = service.spec?.publishNotReadyAddresses === true;
  const zone = node?.metadata?.labels?.[ZONE_LABEL];
  const { name, namespace, uid } = pod.metadata ?? {};
  const targetRef = {
    kind: 'Pod',
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
  };
  const endpoint: Endpoint = {
    addresses: [address],
    conditions: {
      ready: isAlwaysReady || (isServing && !isTerminating),
      serving: isServing,
      terminating: isTerminating,
    },
    targetRef,
    ...(pod.spec?.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    ...(zone === undefined ? {} : { zone }),
    ...(pod.spec?.hostname === undefined ? {} : { hostname: pod.spec.hostname }),
  };
  return { endpoint, ports: portsOf(service, pod) };
}
