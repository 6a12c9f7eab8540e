// What a pod asks of its node: the most it needs at any moment of its life.

import type { Container, Pod, PodSpec, ResourceRequirements } from 'kubernetes-types/core/v1.d.ts';
import type { PodAllocation } from './allocation.ts';
import { quantityMillis, quantityUnits } from './quantity.ts';

interface Amounts {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

const NOTHING: Amounts = { cpuMillis: 0, memoryBytes: 0 };

/**
 * The effective request: sidecars and containers run together, each init container before them runs with
 * the sidecars started so far; the larger of the two, plus overhead. Requests of the pod as a whole win.
 */
export function podRequests({ spec }: Readonly<Pod>): PodAllocation {
  let sidecars = NOTHING;
  let starting = NOTHING;
  for (const container of spec?.initContainers ?? []) {
    const asked = requestsOf(container.resources);
    if (container.restartPolicy === 'Always') sidecars = sum(sidecars, asked);
    starting = larger(
      starting,
      container.restartPolicy === 'Always' ? sidecars : sum(sidecars, asked),
    );
  }
  const containers = (spec?.containers ?? []).map(({ resources }) => requestsOf(resources));
  const needed = larger(containers.reduce(sum, sidecars), starting);
  const whole = withPodLevel(needed, spec);
  return { ...sum(whole, amountsOf(spec?.overhead)), hostPorts: podHostPorts(spec) };
}

/** The ports of the node that the pod takes, `PROTOCOL/PORT`, each once. */
function podHostPorts(spec: Readonly<PodSpec> | undefined): readonly string[] {
  const sidecars = (spec?.initContainers ?? []).filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  );
  const running: readonly Container[] = [...(spec?.containers ?? []), ...sidecars];
  const ports = running.flatMap(({ ports }) => ports ?? []);
  const taken = ports.filter(({ hostPort }) => hostPort !== undefined && hostPort !== 0);
  return [...new Set(taken.map(({ protocol, hostPort }) => `${protocol ?? 'TCP'}/${hostPort}`))];
}

/** Kubernetes 1.34 and later: spec.resources, not yet in the declarations. */
function withPodLevel(needed: Amounts, spec: Readonly<PodSpec> | undefined): Amounts {
  const { resources } = (spec ?? {}) as { readonly resources?: ResourceRequirements };
  const requests = resources?.requests ?? resources?.limits;
  if (requests === undefined) return needed;
  const whole = amountsOf(requests);
  return {
    cpuMillis: requests['cpu'] === undefined ? needed.cpuMillis : whole.cpuMillis,
    memoryBytes: requests['memory'] === undefined ? needed.memoryBytes : whole.memoryBytes,
  };
}

const requestsOf = (resources: ResourceRequirements | undefined): Amounts =>
  amountsOf({ ...resources?.limits, ...resources?.requests });

const amountsOf = (amounts: Readonly<Record<string, string>> | undefined): Amounts => ({
  cpuMillis: quantityMillis(amounts?.['cpu']),
  memoryBytes: quantityUnits(amounts?.['memory']),
});

const sum = (left: Amounts, right: Amounts): Amounts => ({
  cpuMillis: left.cpuMillis + right.cpuMillis,
  memoryBytes: left.memoryBytes + right.memoryBytes,
});

const larger = (left: Amounts, right: Amounts): Amounts => ({
  cpuMillis: Math.max(left.cpuMillis, right.cpuMillis),
  memoryBytes: Math.max(left.memoryBytes, right.memoryBytes),
});
