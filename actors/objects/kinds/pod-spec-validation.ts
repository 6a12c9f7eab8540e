// What is wrong with a pod's spec; the same for pods and for templates of pods.

import type {
  HostAlias,
  PodSpec,
  Toleration,
  TopologySpreadConstraint,
  Volume,
} from 'kubernetes-types/core/v1.d.ts';
import { duplicate, forbidden, invalid, required } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import {
  atLeast,
  invalidBecause,
  notNegative,
  oneOf,
  optionalName,
  requiredName,
  validateLabels,
  validateLabelSelector,
} from '../field-rules.ts';
import { IP_PROBLEM, isIpAddress } from '../ip-addresses.ts';
import {
  labelProblems,
  labelValueProblems,
  qualifiedNameProblems,
  subdomainProblems,
} from '../name-rules.ts';
import { validateAffinity } from './affinity-validation.ts';
import { validateContainers } from './container-validation.ts';

type Errors = readonly FieldError[];

const DNS_POLICIES = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];
const DEADLINE_LIMIT = 2_147_483_647;

export function validatePodSpec(spec: Readonly<PodSpec> | undefined, path: string): Errors {
  if (spec === undefined) return [required(path)];
  return [
    ...validateVolumes(spec.volumes, `${path}.volumes`),
    ...validateContainers(spec, path),
    ...oneOf(`${path}.restartPolicy`, spec.restartPolicy, ['Always', 'Never', 'OnFailure']),
    ...oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
    ...validateTimes(spec, path),
    ...validateNames(spec, path),
    ...validateLabels(`${path}.nodeSelector`, spec.nodeSelector),
    ...(spec.tolerations ?? []).flatMap((one, i) =>
      validateToleration(one, `${path}.tolerations[${i}]`),
    ),
    ...validateAffinity(spec.affinity, `${path}.affinity`),
    ...(spec.topologySpreadConstraints ?? []).flatMap((one, i) =>
      validateSpread(one, `${path}.topologySpreadConstraints[${i}]`),
    ),
    ...(spec.hostAliases ?? []).flatMap((one, i) =>
      validateHostAlias(one, `${path}.hostAliases[${i}]`),
    ),
  ];
}

function validateTimes(spec: Readonly<PodSpec>, path: string): Errors {
  const errors = [
    ...notNegative(`${path}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds),
  ];
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > DEADLINE_LIMIT)) {
    const detail = `must be between 1 and ${DEADLINE_LIMIT}, inclusive`;
    errors.push(invalid(`${path}.activeDeadlineSeconds`, deadline, detail));
  }
  return errors;
}

function validateNames(spec: Readonly<PodSpec>, path: string): Errors {
  const gates = (spec.schedulingGates ?? []).map(({ name }) => name);
  return [
    ...optionalName(`${path}.nodeName`, spec.nodeName, subdomainProblems),
    ...optionalName(`${path}.serviceAccountName`, spec.serviceAccountName, subdomainProblems),
    ...optionalName(`${path}.hostname`, spec.hostname, labelProblems),
    ...optionalName(`${path}.subdomain`, spec.subdomain, labelProblems),
    ...optionalName(`${path}.priorityClassName`, spec.priorityClassName, subdomainProblems),
    ...optionalName(`${path}.runtimeClassName`, spec.runtimeClassName, subdomainProblems),
    ...optionalName(`${path}.schedulerName`, spec.schedulerName, subdomainProblems),
    ...gates.flatMap((name, i) =>
      requiredName(`${path}.schedulingGates[${i}].name`, name, qualifiedNameProblems),
    ),
    ...gates.flatMap((name, i) =>
      gates.indexOf(name) === i ? [] : [duplicate(`${path}.schedulingGates[${i}].name`, name)],
    ),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType }, i) =>
      invalidBecause(
        `${path}.readinessGates[${i}].conditionType`,
        conditionType,
        qualifiedNameProblems(conditionType),
      ),
    ),
  ];
}

function validateVolumes(volumes: readonly Volume[] | undefined, path: string): Errors {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, volume] of (volumes ?? []).entries()) {
    const at = `${path}[${i}]`;
    errors.push(...requiredName(`${at}.name`, volume.name, labelProblems));
    if (seen.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name));
    seen.add(volume.name);
    const [source, ...others] = Object.keys(volume).filter((key) => key !== 'name');
    if (source === undefined) errors.push(required(at, 'must specify a volume type'));
    for (const other of others) {
      errors.push(forbidden(`${at}.${other}`, 'may not specify more than 1 volume type'));
    }
    if (volume.hostPath?.path === '') errors.push(required(`${at}.hostPath.path`));
    if (volume.hostPath?.path?.split('/').includes('..') === true) {
      errors.push(invalid(`${at}.hostPath.path`, volume.hostPath.path, "must not contain '..'"));
    }
  }
  return errors;
}

export function validateToleration(toleration: Toleration, path: string): Errors {
  const { key = '', operator = 'Equal', value = '', effect = '', tolerationSeconds } = toleration;
  const errors = [
    ...optionalName(`${path}.key`, key, qualifiedNameProblems),
    ...oneOf(`${path}.operator`, operator, ['Equal', 'Exists', '']),
  ];
  if (key === '' && operator !== 'Exists') {
    const detail =
      'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${path}.operator`, operator, detail));
  }
  if (operator === 'Exists' && value !== '') {
    const detail = 'value must be empty when `operator` is `Exists`';
    errors.push(invalid(`${path}.operator`, toleration, detail));
  } else errors.push(...invalidBecause(`${path}.value`, value, labelValueProblems(value)));
  if (effect !== '') {
    errors.push(
      ...oneOf(`${path}.effect`, effect, ['NoExecute', 'NoSchedule', 'PreferNoSchedule']),
    );
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(`${path}.effect`, effect, detail));
  }
  return errors;
}

function validateSpread(spread: TopologySpreadConstraint, path: string): Errors {
  const actions = ['DoNotSchedule', 'ScheduleAnyway'];
  return [
    ...atLeast(`${path}.maxSkew`, spread.maxSkew, 1),
    ...atLeast(`${path}.minDomains`, spread.minDomains, 1),
    ...requiredName(`${path}.topologyKey`, spread.topologyKey, qualifiedNameProblems),
    ...oneOf(`${path}.whenUnsatisfiable`, spread.whenUnsatisfiable, actions),
    ...validateLabelSelector(`${path}.labelSelector`, spread.labelSelector),
  ];
}

function validateHostAlias({ ip, hostnames }: HostAlias, path: string): Errors {
  return [
    ...(isIpAddress(ip ?? '') ? [] : [invalid(`${path}.ip`, ip ?? '', IP_PROBLEM)]),
    ...(hostnames ?? []).flatMap((name, i) =>
      invalidBecause(`${path}.hostnames[${i}]`, name, subdomainProblems(name)),
    ),
  ];
}
