// Where each port of each Service leads: pure, from Services, EndpointSlices and who can be reached.

import type { Stored } from '../objects/objects.ts';

/** A ready pod behind a port. */
export interface Endpoint {
  readonly node: string;
  readonly podUid: string;
  /** The pod's own port. */
  readonly port: number;
}

/** One port of one Service, and what is behind it. */
export interface Route {
  /** `NAMESPACE/NAME:PORT`. */
  readonly key: string;
  readonly namespace: string;
  readonly service: string;
  readonly portName: string;
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly endpoints: readonly Endpoint[];
}

const serviceLabel = 'kubernetes.io/service-name';

/**
 * TCP ports of all Services that have a cluster address, in key order. An endpoint counts when it is ready and
 * its node is not suspected: a dead peer's endpoints are gone at once, without waiting for the log, and so are those
 * that their own peer says do not serve.
 */
export function buildRoutes(
  services: readonly Stored<'Service'>[],
  slices: readonly Stored<'EndpointSlice'>[],
  isReachable: (node: string) => boolean,
  isDoubted: (node: string, podUid: string) => boolean = () => false,
): readonly Route[] {
  const byService = new Map<string, Stored<'EndpointSlice'>[]>();
  for (const slice of slices) {
    const key = `${slice.metadata?.namespace}/${slice.metadata?.labels?.[serviceLabel]}`;
    byService.set(key, [...(byService.get(key) ?? []), slice]);
  }
  return services
    .filter(({ spec }) => spec?.type !== 'ExternalName' && spec?.clusterIP !== 'None')
    .flatMap((service) => {
      const { namespace = '', name = '' } = service.metadata ?? {};
      const own = byService.get(`${namespace}/${name}`) ?? [];
      // Who wants connections at pods that are not ready is not helped by a hint that they are not.
      const isAlwaysReady = service.spec?.publishNotReadyAddresses === true;
      const serves = (node: string, podUid: string): boolean =>
        isReachable(node) && (isAlwaysReady || !isDoubted(node, podUid));
      return (service.spec?.ports ?? [])
        .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
        .map(({ name: portName = '', port, nodePort }) => ({
          key: `${namespace}/${name}:${port}`,
          namespace,
          service: name,
          portName,
          port,
          nodePort,
          endpoints: own.flatMap((slice) => endpointsOf(slice, portName, serves)),
        }));
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

function endpointsOf(
  slice: Stored<'EndpointSlice'>,
  portName: string,
  serves: (node: string, podUid: string) => boolean,
): Endpoint[] {
  const port = slice.ports?.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  return slice.endpoints.flatMap(({ conditions, nodeName, targetRef }) => {
    const isReady = conditions?.ready !== false;
    const podUid = targetRef?.uid;
    if (!isReady || nodeName === undefined || podUid === undefined) return [];
    return serves(nodeName, podUid) ? [{ node: nodeName, podUid, port }] : [];
  });
}
