// A Service's addresses in the same transaction as the Service.

import type { Service, ServiceSpec } from 'kubernetes-types/core/v1.d.ts';
import type { KubernetesObject } from '../../objects/kinds.ts';
import type { Exchange } from '../exchange.ts';
import type { Also } from './commit.ts';
import type { AllocationContext } from './service-addresses.ts';
import { allocateAddresses, releaseAddresses } from './service-addresses.ts';

export interface AddressedService {
  readonly object: KubernetesObject;
  readonly also: Also;
}

function contextOf({ gateway }: Exchange, { metadata }: Service): AllocationContext {
  return {
    view: gateway.store.view,
    isAlive: (uid) => gateway.objects.view.getByUid('Service', uid) !== undefined,
    uid: metadata?.uid ?? '',
    seed: `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`,
  };
}

/** Takes what the Service asks for or leaves open, and gives back what `old` had beyond that. Throws 422. */
export function addressChanges(
  exchange: Exchange,
  service: Service,
  old: Service | undefined,
): AddressedService {
  const context = contextOf(exchange, service);
  const asked: ServiceSpec = service.spec ?? {};
  const { spec, allocation } = allocateAddresses(asked, context);
  const released = releaseAddresses(old?.spec, spec, context);
  return {
    object: { ...service, spec } as KubernetesObject,
    also: {
      compare: [...allocation.compare, ...released.compare],
      success: [...allocation.success, ...released.success],
    },
  };
}

/** Gives back all that a Service that goes has. */
export const addressRelease = (exchange: Exchange, service: Service): Also =>
  releaseAddresses(service.spec, undefined, contextOf(exchange, service));
