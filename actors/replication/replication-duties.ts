// All duties of this folder, for the peer that composes itself.

import type { Store } from '../../consensus/index.ts';
import { controllerDuty } from '../duties/controller-actor.ts';
import type { DutyDefinition } from '../duties/duty.ts';
import type { Objects } from '../objects/objects.ts';
import { roleController } from './access/role-controller.ts';
import { rootCaPublisher } from './access/root-ca-publisher.ts';
import { serviceAccountController } from './access/service-account-controller.ts';
import { deploymentController } from './deployment/deployment-controller.ts';
import { endpointsController } from './endpoints/endpoints-controller.ts';
import { eventCollector } from './garbage-collection/event-collector.ts';
import { finishedPodCollector } from './garbage-collection/finished-pod-collector.ts';
import { namespaceCollector } from './garbage-collection/namespace-collector.ts';
import { ownerCollector } from './garbage-collection/owner-collector.ts';
import { evictionController } from './node-lifecycle/eviction-controller.ts';
import { replicaSetController } from './replica-set/replica-set-controller.ts';

/** One definition for each; every peer takes a seat for all of them. `apiAuthority` is a PEM certificate. */
export function replicationDuties(
  store: Pick<Store, 'view'>,
  objects: Objects,
  apiAuthority: () => string | undefined,
): readonly DutyDefinition[] {
  return [
    deploymentController,
    replicaSetController,
    endpointsController,
    evictionController(store.view),
    ownerCollector,
    namespaceCollector,
    eventCollector,
    finishedPodCollector(store.view),
    roleController,
    serviceAccountController,
    rootCaPublisher(apiAuthority),
  ].map((controller) => controllerDuty(controller, objects));
}
