// A pod's log: which container's, from where, and how much of it.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { LogOptions, PodTarget } from '../../objects/pod-streams.ts';
import { flag, wholeNumber } from '../request/parameters.ts';
import { badRequest } from '../status.ts';

/** Characters of an RFC 3339 time looked at. */
const MAX_TIME_LENGTH = 64;

/** The node and uid of a pod that was given a node. Throws 400 for one that was not. */
export function podTarget(pod: Readonly<Pod>): PodTarget {
  const node = pod.spec?.nodeName ?? '';
  const name = pod.metadata?.name ?? '';
  if (node === '') throw badRequest(`pod ${name} does not have a host assigned`);
  return { node, uid: pod.metadata?.uid ?? '' };
}

/** The container meant: the one named, the default of its annotation, or the only one. Throws 400. */
export function containerName(pod: Readonly<Pod>, asked: string): string {
  const { spec, metadata } = pod;
  const containers = (spec?.containers ?? []).map(({ name }) => name);
  const initial = (spec?.initContainers ?? []).map(({ name }) => name);
  const name = metadata?.name ?? '';
  if (asked !== '') {
    if (containers.includes(asked) || initial.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const usual = metadata?.annotations?.['kubectl.kubernetes.io/default-container'];
  if (usual !== undefined && containers.includes(usual)) return usual;
  if (containers.length === 1) return containers[0]!;
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]`,
  );
}

function since(query: URLSearchParams, nowMs: number): number | undefined {
  const seconds = wholeNumber(query, 'sinceSeconds');
  const time = query.get('sinceTime') ?? '';
  if (seconds !== undefined && time !== '') {
    throw badRequest('at most one of sinceTime and sinceSeconds may be specified');
  }
  if (seconds !== undefined) return seconds * 1_000;
  if (time === '') return undefined;
  const at = time.length <= MAX_TIME_LENGTH ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(at)) {
    throw badRequest(
      `invalid sinceTime ${JSON.stringify(time.slice(0, MAX_TIME_LENGTH))}: RFC 3339 is needed`,
    );
  }
  return Math.max(0, nowMs - at);
}

/** What the query asks of the log. */
export function logOptions(pod: Readonly<Pod>, query: URLSearchParams, nowMs: number): LogOptions {
  const tailLines = wholeNumber(query, 'tailLines');
  const limitBytes = wholeNumber(query, 'limitBytes');
  if (limitBytes === 0) throw badRequest('invalid value "0" of limitBytes: it must be 1 or more');
  const sinceMs = since(query, nowMs);
  return {
    container: containerName(pod, query.get('container') ?? ''),
    follow: flag(query, 'follow'),
    previous: flag(query, 'previous'),
    timestamps: flag(query, 'timestamps'),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  };
}
