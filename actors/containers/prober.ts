// Looks at a container for a probe, as a port; and what a probe of the manifest means as a target. The latter is pure.

import type { Container, Pod, Probe } from 'kubernetes-types/core/v1.d.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import type { PodSandbox } from './container-driver.ts';
import { timeoutMs } from './probe-state.ts';

export type ProbeTarget =
  | {
      readonly type: 'http';
      readonly isTls: boolean;
      readonly host: string;
      readonly port: number;
      readonly path: string;
      readonly headers: readonly (readonly [string, string])[];
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'exec';
      readonly containerId: string;
      readonly command: readonly string[];
      readonly timeoutMs: number;
    };

export interface Prober {
  /** Resolves with what was wrong, or undefined for a success. Never rejects. */
  readonly look: (target: ProbeTarget, signal: AbortSignal) => Promise<string | undefined>;
}

/** Errors: unsupported, invalid (a port that the container does not declare). */
export function probeTarget(
  probe: Probe,
  container: Container,
  containerId: string,
  sandbox: Pick<PodSandbox, 'address' | 'ports'>,
): Result<ProbeTarget> {
  const limit = { timeoutMs: timeoutMs(probe) };
  if (probe.exec !== undefined) {
    return ok({ type: 'exec', containerId, command: probe.exec.command ?? [], ...limit });
  }
  const action = probe.httpGet ?? probe.tcpSocket;
  if (action === undefined) {
    const [kind] = Object.keys(probe);
    return failed(
      new SkeinError('unsupported', `probe of kind ${kind}: use httpGet, tcpSocket or exec`),
    );
  }
  const port = portOf(action.port, container);
  if (port === undefined) {
    return failed(
      new SkeinError('invalid', `container "${container.name}" declares no port "${action.port}"`),
    );
  }
  // A host of its own is somewhere else: there, the number means what it says.
  const served = sandbox.ports.find(({ containerPort }) => containerPort === port)?.servedPort;
  const place = {
    host: action.host ?? sandbox.address,
    port: action.host === undefined ? (served ?? port) : port,
  };
  if (probe.httpGet === undefined) return ok({ type: 'tcp', ...place, ...limit });
  const { path, scheme, httpHeaders } = probe.httpGet;
  return ok({
    type: 'http',
    isTls: scheme?.toUpperCase() === 'HTTPS',
    ...place,
    path: path === undefined || path === '' ? '/' : path.startsWith('/') ? path : `/${path}`,
    headers: (httpHeaders ?? []).map(({ name, value }) => [name, value]),
    ...limit,
  });
}

function portOf(port: number | string, container: Container): number | undefined {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  return named ?? (/^\d+$/.test(port) ? Number(port) : undefined);
}

/** The ports that the containers of a pod declare. */
export function declaredPorts(
  pod: Readonly<Pod>,
): readonly { readonly name: string; readonly containerPort: number }[] {
  return (pod.spec?.containers ?? []).flatMap(({ ports }) =>
    (ports ?? []).map(({ name, containerPort }) => ({ name: name ?? '', containerPort })),
  );
}
