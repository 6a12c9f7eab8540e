// What is wrong with an Ingress.

import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressServiceBackend,
  IngressTLS,
} from 'kubernetes-types/networking/v1.d.ts';
import { invalid, notSupported, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalidBecause, optionalName, requiredName } from '../../field-rules.ts';
import { IP_PROBLEM, isIpAddress } from '../../ip-addresses.ts';
import {
  label1035Problems,
  pathSegmentProblems,
  portNameProblems,
  portProblems,
  subdomainProblems,
  wildcardSubdomainProblems,
} from '../../name-rules.ts';

type Errors = readonly FieldError[];

export function validateIngress({ spec }: Readonly<Ingress>): Errors {
  const { rules = [], defaultBackend, ingressClassName, tls = [] } = spec ?? {};
  const errors: FieldError[] = [];
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.push(
      invalid('spec', spec?.rules ?? null, 'either `defaultBackend` or `rules` must be specified'),
    );
  }
  if (defaultBackend !== undefined) {
    errors.push(...validateBackend(defaultBackend, 'spec.defaultBackend'));
  }
  for (const [i, { host, http }] of rules.entries()) {
    const path = `spec.rules[${i}]`;
    errors.push(...optionalName(`${path}.host`, host, hostProblems));
    if (http === undefined) continue;
    if (http.paths.length === 0) errors.push(required(`${path}.http.paths`));
    for (const [j, one] of http.paths.entries()) {
      errors.push(...validatePath(one, `${path}.http.paths[${j}]`));
    }
  }
  return [
    ...errors,
    ...tls.flatMap((one, i) => validateTls(one, `spec.tls[${i}]`)),
    ...optionalName('spec.ingressClassName', ingressClassName, subdomainProblems),
  ];
}

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** A new Ingress names its class in one way only. */
export function validateIngressClassGiven({ metadata, spec }: Readonly<Ingress>): Errors {
  const annotated = metadata?.annotations?.[CLASS_ANNOTATION];
  if (annotated === undefined || spec?.ingressClassName === undefined) return [];
  const path = `metadata.annotations[${CLASS_ANNOTATION}]`;
  return [invalid(path, annotated, 'can not be set when the class field is also set')];
}

function hostProblems(host: string): readonly string[] {
  if (isIpAddress(host)) return ['must be a DNS name, not an IP address'];
  return host.includes('*') ? wildcardSubdomainProblems(host) : subdomainProblems(host);
}

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_PARTS = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_ENDS = ['/..', '/.'];

function validatePath(
  { path = '', pathType, backend }: Readonly<HTTPIngressPath>,
  at: string,
): Errors {
  const errors: FieldError[] = [];
  if ((pathType ?? '') === '') {
    errors.push(required(`${at}.pathType`, 'pathType must be specified'));
  } else if (!PATH_TYPES.includes(pathType)) {
    errors.push(notSupported(`${at}.pathType`, pathType, PATH_TYPES));
  } else if (!path.startsWith('/') && (path !== '' || pathType !== 'ImplementationSpecific')) {
    errors.push(invalid(`${at}.path`, path, 'must be an absolute path'));
  }
  if (pathType === 'Exact' || pathType === 'Prefix') {
    const problems = [
      ...BAD_PARTS.filter((part) => path.includes(part)).map(
        (part) => `must not contain '${part}'`,
      ),
      ...BAD_ENDS.filter((end) => path.endsWith(end)).map((end) => `cannot end with '${end}'`),
    ];
    if (path.startsWith('/')) errors.push(...invalidBecause(`${at}.path`, path, problems));
  }
  return [...errors, ...validateBackend(backend, `${at}.backend`)];
}

function validateBackend(backend: IngressBackend | undefined, path: string): Errors {
  const { resource, service } = backend ?? {};
  if (resource !== undefined && service !== undefined) {
    return [invalid(path, '', 'cannot set both resource and service backends')];
  }
  if (service !== undefined) return validateService(service, `${path}.service`);
  if (resource === undefined) {
    return [invalid(path, '', 'resource or service backend is required')];
  }
  const at = `${path}.resource`;
  return [
    ...optionalName(`${at}.apiGroup`, resource.apiGroup, subdomainProblems),
    ...requiredName(`${at}.kind`, resource.kind, pathSegmentProblems),
    ...requiredName(`${at}.name`, resource.name, pathSegmentProblems),
  ];
}

function validateService({ name, port }: Readonly<IngressServiceBackend>, path: string): Errors {
  const errors = [...requiredName(`${path}.name`, name, label1035Problems)];
  const [portName, number] = [port?.name ?? '', port?.number ?? 0];
  if (portName !== '' && number !== 0) {
    errors.push(invalid(path, '', 'cannot set both port name & port number'));
  } else if (portName !== '') {
    errors.push(...invalidBecause(`${path}.port.name`, portName, portNameProblems(portName)));
  } else if (number !== 0) {
    errors.push(...invalidBecause(`${path}.port.number`, number, portProblems(number)));
  } else errors.push(required(path, 'port name or number is required'));
  return errors;
}

const validateTls = ({ hosts = [], secretName }: Readonly<IngressTLS>, path: string): Errors => [
  ...hosts.flatMap((host, i) =>
    invalidBecause(
      `${path}.hosts[${i}]`,
      host,
      host.includes('*') ? wildcardSubdomainProblems(host) : subdomainProblems(host),
    ),
  ),
  ...optionalName(`${path}.secretName`, secretName, subdomainProblems),
];

export const validateIngressStatus = ({ status }: Readonly<Ingress>): Errors =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '', hostname = '' }, i) => {
    const path = `status.loadBalancer.ingress[${i}]`;
    const isName = hostname !== '' && isIpAddress(hostname);
    return [
      ...(ip !== '' && !isIpAddress(ip) ? [invalid(`${path}.ip`, ip, IP_PROBLEM)] : []),
      ...(isName
        ? [invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address')]
        : optionalName(`${path}.hostname`, hostname, subdomainProblems)),
    ];
  });
