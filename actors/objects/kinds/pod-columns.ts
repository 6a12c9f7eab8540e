// The columns of `kubectl get pods`.

import type { ContainerState, ContainerStatus, Pod } from 'kubernetes-types/core/v1.d.ts';
import { findCondition, isConditionTrue } from '../conditions.ts';
import type { Column } from '../kind-definition.ts';
import { parseTimestamp } from '../meta.ts';
import { isPodTerminal } from '../pod-status.ts';
import { ageColumn, column, formatAge, nameColumn, wideColumn } from './columns.ts';

export const podColumns: readonly Column<'Pod'>[] = [
  nameColumn(),
  column('Ready', 'Ready containers out of all of them.', readyText),
  column('Status', 'What the pod is at, in one word.', podStatusText),
  column('Restarts', 'How often containers were restarted, and when last.', restartsText),
  ageColumn(),
  wideColumn('IP', 'The address of the pod.', ({ status }) => status?.podIP ?? '<none>'),
  wideColumn('Node', 'The node it is bound to.', ({ spec }) => spec?.nodeName ?? '<none>'),
  wideColumn(
    'Nominated Node',
    'The node where others make room for it.',
    ({ status }) => status?.nominatedNodeName ?? '<none>',
  ),
  wideColumn('Readiness Gates', 'Conditions beside its containers.', readinessGatesText),
];

const isSidecar = (pod: Readonly<Pod>, name: string): boolean =>
  pod.spec?.initContainers?.find((container) => container.name === name)?.restartPolicy ===
  'Always';

const counted = (pod: Readonly<Pod>): readonly ContainerStatus[] => [
  ...(pod.status?.containerStatuses ?? []),
  ...(pod.status?.initContainerStatuses ?? []).filter(({ name }) => isSidecar(pod, name)),
];

function readyText(pod: Readonly<Pod>): string {
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ name }) => isSidecar(pod, name));
  const total = (pod.spec?.containers.length ?? 0) + sidecars.length;
  const ready = counted(pod).filter(
    (status) => status.ready && status.state?.running !== undefined,
  );
  return `${ready.length}/${total}`;
}

function restartsText(pod: Readonly<Pod>, nowMs: number): string {
  const statuses =
    counted(pod).length > 0 ? counted(pod) : (pod.status?.initContainerStatuses ?? []);
  const restarts = statuses.reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);
  const ends = statuses.map(({ lastState }) => parseTimestamp(lastState?.terminated?.finishedAt));
  const last = Math.max(...ends.map((end) => end ?? 0), 0);
  return restarts === 0 || last === 0
    ? String(restarts)
    : `${restarts} (${formatAge(nowMs - last)} ago)`;
}

/** The word that kubectl's users know: Running, Terminating, CrashLoopBackOff, Init:0/1, ExitCode:1 … */
export function podStatusText(pod: Readonly<Pod>): string {
  const { status, metadata } = pod;
  if (metadata?.deletionTimestamp !== undefined && status?.reason === 'NodeLost') return 'Unknown';
  if (metadata?.deletionTimestamp !== undefined && !isPodTerminal(pod)) return 'Terminating';
  return initText(pod) ?? containersText(pod);
}

/** Undefined once the init containers are done. */
function initText(pod: Readonly<Pod>): string | undefined {
  const total = pod.spec?.initContainers?.length ?? 0;
  for (const [i, { name, state, started }] of (pod.status?.initContainerStatuses ?? []).entries()) {
    if (state?.terminated?.exitCode === 0) continue;
    if (isSidecar(pod, name) && started === true) continue;
    if (state?.terminated !== undefined) return `Init:${terminatedText(state.terminated)}`;
    const reason = state?.waiting?.reason ?? '';
    return reason !== '' && reason !== 'PodInitializing' ? `Init:${reason}` : `Init:${i}/${total}`;
  }
  return undefined;
}

function containersText(pod: Readonly<Pod>): string {
  const { status } = pod;
  let text = status?.reason ?? status?.phase ?? 'Unknown';
  const scheduled = findCondition(status?.conditions, 'PodScheduled');
  if (scheduled?.reason === 'SchedulingGated') text = scheduled.reason;
  let someRun = false;
  for (const { state, ready } of (status?.containerStatuses ?? []).toReversed()) {
    if ((state?.waiting?.reason ?? '') !== '') text = state!.waiting!.reason!;
    else if (state?.terminated !== undefined) text = terminatedText(state.terminated);
    else if (ready && state?.running !== undefined) someRun = true;
  }
  if (text !== 'Completed' || !someRun) return text;
  return isConditionTrue(status?.conditions, 'Ready') ? 'Running' : 'NotReady';
}

function terminatedText({
  reason,
  signal,
  exitCode,
}: NonNullable<ContainerState['terminated']>): string {
  if (reason !== undefined && reason !== '') return reason;
  return signal !== undefined && signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

function readinessGatesText({ spec, status }: Readonly<Pod>): string {
  const gates = spec?.readinessGates ?? [];
  const met = gates.filter((gate) => isConditionTrue(status?.conditions, gate.conditionType));
  return gates.length === 0 ? '<none>' : `${met.length}/${gates.length}`;
}
