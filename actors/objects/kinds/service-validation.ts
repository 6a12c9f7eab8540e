// What is wrong with a Service.

import type { Service, ServicePort, ServiceSpec } from 'kubernetes-types/core/v1.d.ts';
import { duplicate, forbidden, invalid, notSupported, required } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import {
  invalidBecause,
  oneOf,
  portNumberOrName,
  requiredName,
  unchanged,
  validateLabels,
} from '../field-rules.ts';
import { IP_PROBLEM, isIpAddress } from '../ip-addresses.ts';
import { labelProblems, portProblems, subdomainProblems } from '../name-rules.ts';

type Errors = readonly FieldError[];

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const POLICIES = ['Cluster', 'Local'];
const DAY_SECONDS = 86_400;

export function validateService({ spec = {} }: Readonly<Service>): Errors {
  return [
    ...oneOf('spec.type', spec.type, TYPES),
    ...validateByType(spec),
    ...validatePorts(spec),
    ...validateLabels('spec.selector', spec.selector),
    ...validateAffinity(spec),
    ...validateAddresses(spec),
    ...oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, POLICIES),
    ...oneOf('spec.externalTrafficPolicy', spec.externalTrafficPolicy, POLICIES),
    ...oneOf('spec.ipFamilyPolicy', spec.ipFamilyPolicy, [
      'PreferDualStack',
      'RequireDualStack',
      'SingleStack',
    ]),
  ];
}

const isHeadless = ({ clusterIP }: Readonly<ServiceSpec>): boolean => clusterIP === 'None';

function validateByType(spec: Readonly<ServiceSpec>): Errors {
  if (spec.type === 'LoadBalancer' && isHeadless(spec)) {
    const detail = "may not be set to 'None' for LoadBalancer services";
    return [invalid('spec.clusterIPs[0]', 'None', detail)];
  }
  if (spec.type === 'NodePort' && isHeadless(spec)) {
    const detail = "may not be set to 'None' for NodePort services";
    return [invalid('spec.clusterIPs[0]', 'None', detail)];
  }
  if (spec.type !== 'ExternalName') return [];
  const errors = [...requiredName('spec.externalName', spec.externalName, subdomainProblems)];
  if ((spec.clusterIP ?? '') !== '') {
    errors.push(forbidden('spec.clusterIPs[0]', 'may not be set for ExternalName services'));
  }
  return errors;
}

function validatePorts(spec: Readonly<ServiceSpec>): Errors {
  const ports = spec.ports ?? [];
  if (ports.length === 0) {
    return isHeadless(spec) || spec.type === 'ExternalName' ? [] : [required('spec.ports')];
  }
  return [
    ...ports.flatMap((port, i) => validatePort(`spec.ports[${i}]`, port, spec, ports.length > 1)),
    ...repeatedPorts(ports),
  ];
}

function validatePort(
  path: string,
  port: Readonly<ServicePort>,
  spec: Readonly<ServiceSpec>,
  needsName: boolean,
): Errors {
  const errors = [
    ...(needsName || (port.name ?? '') !== ''
      ? requiredName(`${path}.name`, port.name, labelProblems)
      : []),
    ...invalidBecause(`${path}.port`, port.port, portProblems(port.port)),
    ...oneOf(`${path}.protocol`, port.protocol, PROTOCOLS),
    ...portNumberOrName(`${path}.targetPort`, port.targetPort),
  ];
  if (port.nodePort === undefined || port.nodePort === 0) return errors;
  if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') {
    const detail = `may not be used when \`type\` is '${spec.type ?? ''}'`;
    return [...errors, forbidden(`${path}.nodePort`, detail)];
  }
  return [
    ...errors,
    ...invalidBecause(`${path}.nodePort`, port.nodePort, portProblems(port.nodePort)),
  ];
}

function repeatedPorts(ports: readonly ServicePort[]): Errors {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const repeated = (mark: string): boolean => seen.has(mark) || (seen.add(mark), false);
  for (const [i, { name, port, protocol, nodePort }] of ports.entries()) {
    if ((name ?? '') !== '' && repeated(`name ${name}`)) {
      errors.push(duplicate(`spec.ports[${i}].name`, name));
    }
    if (repeated(`port ${protocol} ${port}`)) {
      errors.push(duplicate(`spec.ports[${i}]`, { port, protocol }));
    }
    if (nodePort !== undefined && nodePort !== 0 && repeated(`node ${protocol} ${nodePort}`)) {
      errors.push(duplicate(`spec.ports[${i}].nodePort`, nodePort));
    }
  }
  return errors;
}

function validateAffinity({
  sessionAffinity,
  sessionAffinityConfig,
}: Readonly<ServiceSpec>): Errors {
  const errors = [...oneOf('spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None'])];
  const path = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'None' && sessionAffinityConfig !== undefined) {
    const detail = 'must not be set when session affinity is None';
    errors.push(forbidden(path, detail));
  }
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds !== undefined && (seconds <= 0 || seconds > DAY_SECONDS)) {
    const detail = `must be greater than 0 and less than ${DAY_SECONDS}`;
    errors.push(invalid(`${path}.clientIP.timeoutSeconds`, seconds, detail));
  }
  return errors;
}

function validateAddresses(spec: Readonly<ServiceSpec>): Errors {
  const errors: FieldError[] = [];
  const { clusterIP = '', clusterIPs = [], externalIPs = [] } = spec;
  if (clusterIP !== '' && clusterIPs.length > 0 && clusterIPs[0] !== clusterIP) {
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'));
  }
  for (const [i, address] of clusterIPs.entries()) {
    if (address === 'None' && i === 0) continue;
    if (!isIpAddress(address)) {
      errors.push(invalid(`spec.clusterIPs[${i}]`, address, IP_PROBLEM));
    }
  }
  for (const [i, address] of externalIPs.entries()) {
    if (!isIpAddress(address)) {
      errors.push(invalid(`spec.externalIPs[${i}]`, address, IP_PROBLEM));
    }
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (family !== 'IPv4' && family !== 'IPv6') {
      errors.push(notSupported(`spec.ipFamilies[${i}]`, family, ['IPv4', 'IPv6']));
    }
  }
  return errors;
}

/** The address of a service stays, unless it stops or starts being a mere name. */
export function validateServiceUpdate(next: Readonly<Service>, old: Readonly<Service>): Errors {
  if (next.spec?.type === 'ExternalName' || old.spec?.type === 'ExternalName') return [];
  const was = old.spec?.clusterIP ?? '';
  if (was === '') return [];
  const errors = unchanged('spec.clusterIPs', next.spec?.clusterIPs, old.spec?.clusterIPs);
  return next.spec?.clusterIP === was
    ? errors
    : [invalid('spec.clusterIPs[0]', next.spec?.clusterIP ?? '', 'may not change once set')];
}
