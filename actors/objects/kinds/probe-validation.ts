// What is wrong with the probes and lifecycle hooks of a container.

import type {
  Container,
  ExecAction,
  HTTPGetAction,
  Lifecycle,
  Probe,
  TCPSocketAction,
} from 'kubernetes-types/core/v1.d.ts';
import { forbidden, invalid, required } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { atLeast, invalidBecause, notNegative, oneOf, portNumberOrName } from '../field-rules.ts';
import { portProblems } from '../name-rules.ts';

type Errors = readonly FieldError[];

/** What a probe or a hook may do. */
interface Handler {
  readonly exec?: ExecAction;
  readonly httpGet?: HTTPGetAction;
  readonly tcpSocket?: TCPSocketAction;
  readonly grpc?: { readonly port: number };
  readonly sleep?: { readonly seconds: number };
}

export function validateProbes(container: Readonly<Container>, path: string): Errors {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  return [
    ...validateProbe(livenessProbe, `${path}.livenessProbe`),
    ...mustSucceedOnce(livenessProbe, `${path}.livenessProbe`),
    ...validateProbe(readinessProbe, `${path}.readinessProbe`),
    ...(readinessProbe?.terminationGracePeriodSeconds === undefined
      ? []
      : [
          invalid(
            `${path}.readinessProbe.terminationGracePeriodSeconds`,
            readinessProbe.terminationGracePeriodSeconds,
            'must not be set for readinessProbes',
          ),
        ]),
    ...validateProbe(startupProbe, `${path}.startupProbe`),
    ...mustSucceedOnce(startupProbe, `${path}.startupProbe`),
  ];
}

function validateProbe(probe: Readonly<Probe> | undefined, path: string): Errors {
  if (probe === undefined) return [];
  return [
    ...validateHandler(probe, path, ['exec', 'httpGet', 'tcpSocket', 'grpc']),
    ...notNegative(`${path}.initialDelaySeconds`, probe.initialDelaySeconds),
    ...notNegative(`${path}.timeoutSeconds`, probe.timeoutSeconds),
    ...notNegative(`${path}.periodSeconds`, probe.periodSeconds),
    ...notNegative(`${path}.successThreshold`, probe.successThreshold),
    ...notNegative(`${path}.failureThreshold`, probe.failureThreshold),
    ...atLeast(`${path}.terminationGracePeriodSeconds`, probe.terminationGracePeriodSeconds, 1),
  ];
}

const mustSucceedOnce = (probe: Readonly<Probe> | undefined, path: string): Errors =>
  probe?.successThreshold === undefined || probe.successThreshold === 1
    ? []
    : [invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1')];

export const validateLifecycle = (
  lifecycle: Readonly<Lifecycle> | undefined,
  path: string,
): Errors =>
  (['postStart', 'preStop'] as const).flatMap((hook) => {
    const handler = lifecycle?.[hook];
    if (handler === undefined) return [];
    return validateHandler(handler, `${path}.${hook}`, ['exec', 'httpGet', 'tcpSocket', 'sleep']);
  });

/** Exactly one way to do it, and that one complete. */
function validateHandler(handler: Handler, path: string, ways: readonly (keyof Handler)[]): Errors {
  const [way, ...others] = ways.filter((name) => handler[name] !== undefined);
  if (way === undefined) return [required(path, 'must specify a handler type')];
  return [
    ...others.map((other) =>
      forbidden(`${path}.${other}`, 'may not specify more than 1 handler type'),
    ),
    ...validateAction(handler, way, `${path}.${way}`),
  ];
}

function validateAction(handler: Handler, way: keyof Handler, path: string): Errors {
  const { exec, httpGet, tcpSocket, grpc } = handler;
  if (way === 'exec') {
    return (exec?.command ?? []).length === 0 ? [required(`${path}.command`)] : [];
  }
  if (way === 'tcpSocket') return portNumberOrName(`${path}.port`, tcpSocket?.port);
  if (way === 'grpc')
    return invalidBecause(`${path}.port`, grpc?.port, portProblems(grpc?.port ?? 0));
  if (way !== 'httpGet') return [];
  return [
    ...(httpGet?.path === '' ? [required(`${path}.path`)] : []),
    ...portNumberOrName(`${path}.port`, httpGet?.port),
    ...oneOf(`${path}.scheme`, httpGet?.scheme, ['HTTP', 'HTTPS']),
    ...(httpGet?.httpHeaders ?? []).flatMap(({ name }, i) =>
      /^[-A-Za-z0-9]+$/.test(name)
        ? []
        : [
            invalid(
              `${path}.httpHeaders[${i}].name`,
              name,
              "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
            ),
          ],
    ),
  ];
}
