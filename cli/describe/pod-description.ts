// A pod: where it runs, what its containers do, and why it does not when it does not.

import type { ApiObject } from '../watch.ts';
import { conditionsText } from './conditions.ts';
import type { Description, Line } from './outline.ts';
import { mapText, orNone } from './outline.ts';

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
  }[];
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
}

type State = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: State;
  readonly lastState?: State;
}

/** `Running since …`, `Terminated (Error, exit code 1)`, `Waiting (CrashLoopBackOff: …)`. */
function stateText(state: State | undefined): string {
  const [[phase, details] = []] = Object.entries(state ?? {});
  if (phase === undefined || details === undefined) return '<none>';
  const { startedAt, exitCode, reason, message } = details;
  const title = phase[0]!.toUpperCase() + phase.slice(1);
  if (phase === 'running') return `${title} since ${orNone(startedAt)}`;
  const words = [
    reason,
    exitCode === undefined ? undefined : `exit code ${orNone(exitCode)}`,
    message,
  ];
  const told = words.filter((word) => word !== undefined && word !== '').map(orNone);
  return told.length === 0 ? title : `${title} (${told.join(', ')})`;
}

/** Long scripts are told by their beginning. */
const MAX_ARGUMENT = 72;
function commandText(words: readonly string[] | undefined): string {
  if (words === undefined || words.length === 0) return '<none>';
  const shown = words.map((word) => {
    const [first = '', ...more] = word.trim().split('\n');
    const isCut = more.length > 0 || first.length > MAX_ARGUMENT;
    return isCut ? `${first.slice(0, MAX_ARGUMENT)}…` : first;
  });
  return shown.join('\n');
}

function containerLines(
  container: Container,
  status: ContainerStatus | undefined,
): readonly Line[] {
  const ports = (container.ports ?? []).map(({ name, containerPort }) =>
    name === undefined ? String(containerPort) : `${containerPort} (${name})`,
  );
  const env = (container.env ?? []).map(({ name, value, valueFrom }) =>
    valueFrom === undefined
      ? `${name}=${value ?? ''}`
      : `${name} from ${valueFrom.fieldRef?.fieldPath ?? 'elsewhere'}`,
  );
  return [
    ['Image', orNone(container.image)],
    ['Command', commandText(container.command)],
    ['Args', commandText(container.args)],
    ['Ports', ports.length === 0 ? '<none>' : ports.join(', ')],
    ['State', stateText(status?.state)],
    ['Last state', stateText(status?.lastState)],
    ['Ready', String(status?.ready ?? false)],
    ['Restarts', String(status?.restartCount ?? 0)],
    ['Requests', mapText(container.resources?.requests)],
    ['Limits', mapText(container.resources?.limits)],
    ['Environment', env.length === 0 ? '<none>' : env.join('\n')],
  ];
}

/** Without metadata and events, which every kind shares. */
export function podDescription(pod: ApiObject): Description {
  const { spec = {}, status = {} } = pod;
  const containers = (spec['containers'] ?? []) as readonly Container[];
  const statuses = (status['containerStatuses'] ?? []) as readonly ContainerStatus[];
  const facts: readonly Line[] = [
    ['Node', orNone(spec['nodeName'])],
    ['Status', orNone(status['phase'])],
    ...(status['reason'] === undefined ? [] : [['Reason', orNone(status['reason'])] as const]),
    ...(status['message'] === undefined ? [] : [['Message', orNone(status['message'])] as const]),
    ['IP', orNone(status['podIP'])],
    ['Restart policy', orNone(spec['restartPolicy'])],
  ];
  const below: Line = [
    'Containers',
    containers.map((container) => [
      container.name,
      containerLines(
        container,
        statuses.find(({ name }) => name === container.name),
      ),
    ]),
  ];
  return { facts: [...facts, below], sections: [conditionsText(pod)] };
}
