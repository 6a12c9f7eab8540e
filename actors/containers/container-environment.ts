// What a container's processes find in their environment, and the command after expansion. Pure.

import type { Container, EnvVar } from 'kubernetes-types/core/v1.d.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import type { Stored } from '../objects/objects.ts';
import type { PodSandbox, ServedPort } from './container-driver.ts';
import { expandVariables } from './variable-expansion.ts';

/** Where a pod runs. */
export interface PodPlace {
  readonly nodeName: string;
  readonly hostIP: string;
  readonly sandbox: Pick<PodSandbox, 'address' | 'ports'>;
}

export interface ContainerCommand {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Errors: unsupported, invalid; their sentence becomes the message of CreateContainerConfigError. */
export function containerCommand(
  pod: Stored<'Pod'>,
  container: Container,
  place: PodPlace,
): Result<ContainerCommand> {
  const variables: Record<string, string> = {
    HOSTNAME: hostnameOf(pod),
    SKEIN_POD_IP: place.sandbox.address,
    ...portVariables(place.sandbox.ports),
  };
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, pod, place, variables);
    if (!value.ok) return value;
    if (value.value !== undefined) variables[variable.name] = value.value;
  }
  if ((container.envFrom ?? []).some((source) => !isOptional(source))) {
    return unsupported(`envFrom of container "${container.name}"`);
  }
  const command = [...(container.command ?? []), ...(container.args ?? [])];
  return ok({
    command: command.map((word) => expandVariables(word, variables)),
    environment: variables,
  });
}

/** As Kubernetes: spec.hostname, else the name, cut to what a host name may hold. */
export function hostnameOf(pod: Stored<'Pod'>): string {
  const name = pod.spec?.hostname ?? pod.metadata?.name ?? '';
  return name.slice(0, 63).replace(/[-.]+$/, '');
}

/** `SKEIN_PORT_HTTP` for a port named `http`: the port to bind, on SKEIN_POD_IP. Unnamed ones go by number. */
function portVariables(ports: readonly ServedPort[]): Record<string, string> {
  return Object.fromEntries(
    ports.map(({ name, containerPort, servedPort }) => {
      const label = name === '' ? String(containerPort) : name.toUpperCase().replaceAll('-', '_');
      return [`SKEIN_PORT_${label}`, String(servedPort)];
    }),
  );
}

function valueOf(
  variable: EnvVar,
  pod: Stored<'Pod'>,
  place: PodPlace,
  known: Readonly<Record<string, string>>,
): Result<string | undefined> {
  const source = variable.valueFrom;
  if (source === undefined) return ok(expandVariables(variable.value ?? '', known));
  if (source.fieldRef !== undefined) return fieldValue(pod, place, source.fieldRef.fieldPath);
  if (isOptional(source)) return ok(undefined);
  const [kind] = Object.keys(source);
  return unsupported(`${kind} of variable ${variable.name}`);
}

/** The fields that the downward API gives to variables. */
function fieldValue(pod: Stored<'Pod'>, place: PodPlace, path: string): Result<string> {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed !== null) {
    return ok(metadata?.[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? '');
  }
  switch (path) {
    case 'metadata.name':
      return ok(metadata?.name ?? '');
    case 'metadata.namespace':
      return ok(metadata?.namespace ?? '');
    case 'metadata.uid':
      return ok(metadata?.uid ?? '');
    case 'spec.nodeName':
      return ok(place.nodeName);
    case 'spec.serviceAccountName':
      return ok(spec?.serviceAccountName ?? '');
    case 'status.podIP':
    case 'status.podIPs':
      return ok(place.sandbox.address);
    case 'status.hostIP':
    case 'status.hostIPs':
      return ok(place.hostIP);
    default:
      return failed(
        new SkeinError(
          'invalid',
          `fieldPath "${path}" is not one that a variable can be taken from`,
        ),
      );
  }
}

function isOptional(source: object): boolean {
  return Object.values(source).some(
    (part) =>
      typeof part === 'object' && part !== null && 'optional' in part && part.optional === true,
  );
}

function unsupported(what: string): Result<never> {
  return failed(
    new SkeinError('unsupported', `${what}: only values and fieldRef are supported on this peer`),
  );
}
