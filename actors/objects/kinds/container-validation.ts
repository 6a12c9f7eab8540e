// What is wrong with the containers of a pod.

import type {
  Container,
  ContainerPort,
  EnvVar,
  PodSpec,
  ResourceRequirements,
  VolumeMount,
} from 'kubernetes-types/core/v1.d.ts';
import { duplicate, forbidden, invalid, notFound, required } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { invalidBecause, oneOf, optionalName, requiredName } from '../field-rules.ts';
import {
  envNameProblems,
  labelProblems,
  portNameProblems,
  portProblems,
  qualifiedNameProblems,
} from '../name-rules.ts';
import { compareQuantities, parseQuantity } from '../quantity.ts';
import { validateLifecycle, validateProbes } from './probe-validation.ts';

type Errors = readonly FieldError[];

/** Containers of a spec: their own rules, and the names and host ports they must not share. */
export function validateContainers(spec: Readonly<PodSpec>, path: string): Errors {
  const containers = spec.containers ?? [];
  const initContainers = spec.initContainers ?? [];
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name));
  const one = (container: Container, at: string): Errors => [
    ...validateContainer(container, at, volumes),
    ...validateHostNetwork(spec, container, at),
  ];
  return [
    ...(containers.length === 0 ? [required(`${path}.containers`)] : []),
    ...containers.flatMap((container, i) => one(container, `${path}.containers[${i}]`)),
    ...initContainers.flatMap((container, i) => one(container, `${path}.initContainers[${i}]`)),
    ...initContainers.flatMap((container, i) =>
      validateInitContainer(container, `${path}.initContainers[${i}]`),
    ),
    ...repeatedNames([
      ...containers.map(({ name }, i) => [name, `${path}.containers[${i}].name`] as const),
      ...initContainers.map(({ name }, i) => [name, `${path}.initContainers[${i}].name`] as const),
    ]),
    ...repeatedHostPorts(containers, `${path}.containers`),
  ];
}

/** The rules of any container. */
export function validateContainer(
  container: Readonly<Container>,
  path: string,
  volumes: ReadonlySet<string>,
): Errors {
  const image = container.image ?? '';
  return [
    ...requiredName(`${path}.name`, container.name, labelProblems),
    ...(image === '' ? [required(`${path}.image`)] : []),
    ...(image.trim() === image
      ? []
      : [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')]),
    ...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, [
      'Always',
      'IfNotPresent',
      'Never',
    ]),
    ...oneOf(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, [
      'FallbackToLogsOnError',
      'File',
    ]),
    ...validatePorts(container.ports, `${path}.ports`),
    ...(container.env ?? []).flatMap((one, i) => validateVariable(one, `${path}.env[${i}]`)),
    ...validateMounts(container.volumeMounts, volumes, `${path}.volumeMounts`),
    ...validateResources(container.resources, `${path}.resources`),
    ...validateProbes(container, path),
    ...validateLifecycle(container.lifecycle, `${path}.lifecycle`),
  ];
}

/** Only a sidecar, an init container that restarts always, is probed and has a lifecycle. */
function validateInitContainer(container: Readonly<Container>, path: string): Errors {
  const errors = [...oneOf(`${path}.restartPolicy`, container.restartPolicy, ['Always'])];
  if (container.restartPolicy === 'Always') return errors;
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[field] === undefined) continue;
    const detail = 'may not be set for init containers without restartPolicy=Always';
    errors.push(forbidden(`${path}.${field}`, detail));
  }
  return errors;
}

function validatePorts(ports: readonly ContainerPort[] | undefined, path: string): Errors {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, { name = '', containerPort, hostPort, protocol }] of (ports ?? []).entries()) {
    const at = `${path}[${i}]`;
    errors.push(...optionalName(`${at}.name`, name, portNameProblems));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    if (containerPort === undefined || containerPort === 0) {
      errors.push(required(`${at}.containerPort`));
    } else {
      errors.push(
        ...invalidBecause(`${at}.containerPort`, containerPort, portProblems(containerPort)),
      );
    }
    if (hostPort !== undefined && hostPort !== 0) {
      errors.push(...invalidBecause(`${at}.hostPort`, hostPort, portProblems(hostPort)));
    }
    errors.push(...oneOf(`${at}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']));
  }
  return errors;
}

function validateHostNetwork(spec: Readonly<PodSpec>, container: Container, path: string): Errors {
  if (spec.hostNetwork !== true) return [];
  return (container.ports ?? []).flatMap(({ containerPort, hostPort }, i) =>
    hostPort === undefined || hostPort === containerPort
      ? []
      : [
          invalid(
            `${path}.ports[${i}].hostPort`,
            hostPort,
            'must match `containerPort` when `hostNetwork` is true',
          ),
        ],
  );
}

function validateVariable({ name, value = '', valueFrom }: EnvVar, path: string): Errors {
  const errors = [...requiredName(`${path}.name`, name, envNameProblems)];
  if (valueFrom === undefined) return errors;
  const at = `${path}.valueFrom`;
  const sources = Object.keys(valueFrom);
  if (sources.length === 0) {
    const known = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
    errors.push(invalid(at, '', `must specify one of: ${known}`));
  }
  if (value !== '') {
    errors.push(invalid(at, '', 'may not be specified when `value` is not empty'));
  } else if (sources.length > 1) {
    errors.push(invalid(at, '', 'may not have more than one field specified at a time'));
  }
  if (valueFrom.fieldRef !== undefined) {
    errors.push(...validateFieldPath(valueFrom.fieldRef.fieldPath, `${at}.fieldRef.fieldPath`));
  }
  return errors;
}

const FIELD_PATHS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

function validateFieldPath(fieldPath: string | undefined, path: string): Errors {
  if (fieldPath === undefined || fieldPath === '') return [required(path)];
  if (/^metadata\.(labels|annotations)\['[^']+'\]$/.test(fieldPath)) return [];
  return oneOf(path, fieldPath, FIELD_PATHS);
}

function validateMounts(
  mounts: readonly VolumeMount[] | undefined,
  volumes: ReadonlySet<string>,
  path: string,
): Errors {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  for (const [i, { name = '', mountPath = '' }] of (mounts ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (name === '') errors.push(required(`${at}.name`));
    else if (!volumes.has(name)) errors.push(notFound(`${at}.name`, name));
    if (mountPath === '') errors.push(required(`${at}.mountPath`));
    else if (paths.has(mountPath)) {
      errors.push(invalid(`${at}.mountPath`, mountPath, 'must be unique'));
    }
    paths.add(mountPath);
  }
  return errors;
}

const STANDARD_RESOURCES = /^(cpu|memory|ephemeral-storage|hugepages-.+)$/;

function validateResources(resources: ResourceRequirements | undefined, path: string): Errors {
  const errors: FieldError[] = [];
  for (const field of ['limits', 'requests'] as const) {
    for (const [name, amount] of Object.entries(resources?.[field] ?? {})) {
      const at = `${path}.${field}`;
      errors.push(...invalidBecause(`${at}[${name}]`, name, qualifiedNameProblems(name)));
      if (!name.includes('/') && !STANDARD_RESOURCES.test(name)) {
        errors.push(invalid(`${at}[${name}]`, name, 'must be a standard resource for containers'));
      }
      const quantity = parseQuantity(amount);
      if (quantity !== undefined && quantity.nanos < 0n) {
        errors.push(invalid(`${at}[${name}]`, amount, 'must be greater than or equal to 0'));
      }
    }
  }
  for (const [name, amount] of Object.entries(resources?.requests ?? {})) {
    const [request, limit] = [amount, resources?.limits?.[name] ?? ''].map(parseQuantity);
    if (request === undefined || limit === undefined) continue;
    if (compareQuantities(request, limit) <= 0) continue;
    const detail = `must be less than or equal to ${name} limit of ${resources?.limits?.[name]}`;
    errors.push(invalid(`${path}.requests`, amount, detail));
  }
  return errors;
}

function repeatedNames(named: readonly (readonly [string, string])[]): Errors {
  const seen = new Set<string>();
  return named.flatMap(([name, path]) => {
    if (name !== '' && seen.has(name)) return [duplicate(path, name)];
    seen.add(name);
    return [];
  });
}

/** Containers that run side by side cannot hold one port of the host twice. */
function repeatedHostPorts(containers: readonly Container[], path: string): Errors {
  const seen = new Set<string>();
  return containers.flatMap(({ ports }, i) =>
    (ports ?? []).flatMap(({ hostPort = 0, hostIP = '', protocol }, j) => {
      const mark = `${protocol}/${hostIP}/${hostPort}`;
      if (hostPort !== 0 && seen.has(mark)) {
        return [duplicate(`${path}[${i}].ports[${j}].hostPort`, mark)];
      }
      seen.add(mark);
      return [];
    }),
  );
}
