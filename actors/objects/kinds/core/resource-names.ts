// The names that amounts may have: of containers, of namespaces, of quotas.

import { qualifiedNameProblems } from '../../name-rules.ts';

type Problems = readonly string[];

const OF_CONTAINERS: ReadonlySet<string> = new Set(['cpu', 'ephemeral-storage', 'memory']);

const OF_STORAGE: ReadonlySet<string> = new Set(['requests.storage', 'storage']);

/** What a quota counts one by one. */
const COUNTED: ReadonlySet<string> = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
]);

/** What pods use, as a quota may name it; scopes that choose pods go with nothing else. */
const OF_PODS: ReadonlySet<string> = new Set([
  'cpu',
  'ephemeral-storage',
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'memory',
  'pods',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]);

const isHugePages = (name: string): boolean => name.startsWith('hugepages-');

const isStandard = (name: string): boolean =>
  OF_CONTAINERS.has(name) ||
  OF_STORAGE.has(name) ||
  COUNTED.has(name) ||
  OF_PODS.has(name) ||
  isHugePages(name);

/** A resource that anything in a namespace may have. */
export function resourceProblems(name: string): Problems {
  const problems = qualifiedNameProblems(name);
  if (problems.length > 0 || name.includes('/') || isStandard(name)) return problems;
  return ['must be a standard resource type or fully qualified'];
}

export function containerResourceProblems(name: string): Problems {
  const problems = resourceProblems(name);
  if (problems.length > 0 || name.includes('/')) return problems;
  return OF_CONTAINERS.has(name) || isHugePages(name)
    ? []
    : ['must be a standard resource for containers'];
}

const isQuotaResource = (name: string): boolean =>
  COUNTED.has(name) ||
  OF_PODS.has(name) ||
  OF_STORAGE.has(name) ||
  name.startsWith('hugepages-') ||
  name.startsWith('requests.hugepages-');

export function quotaResourceProblems(name: string): Problems {
  const problems = qualifiedNameProblems(name);
  if (problems.length > 0 || name.includes('/') || isQuotaResource(name)) return problems;
  return ['must be a standard resource for quota'];
}

/** Standard names that are no amount of pods: no scope chooses among them. */
export const isQuotaBeyondPods = (name: string): boolean =>
  isQuotaResource(name) && !OF_PODS.has(name) && !name.includes('hugepages-');

/** There is no half of these. */
export const isWholeNumber = (name: string): boolean =>
  COUNTED.has(name) || name.startsWith('count/');
