// Names, owners and times in metadata.

import type { ObjectMeta, OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import type { Random } from '../../runtime/index.ts';
import type { KubernetesObject } from './kinds.ts';

/** Letters and digits that cannot spell words or be mistaken for each other, as Kubernetes uses. */
const SUFFIX_CHARACTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
/** A generated name keeps this much of generateName, so that it fits a DNS label. */
const GENERATE_NAME_LIMIT = 63 - SUFFIX_LENGTH;

/** Five characters that make a generated name unique. */
export function randomNameSuffix(random: Random): string {
  let suffix = '';
  while (suffix.length < SUFFIX_LENGTH) {
    suffix += SUFFIX_CHARACTERS[random.integer(SUFFIX_CHARACTERS.length)]!;
  }
  return suffix;
}

/** The name that generateName and a suffix give. */
export const generatedName = (generateName: string, suffix: string): string =>
  generateName.slice(0, GENERATE_NAME_LIMIT) + suffix;

/** RFC 3339 in whole seconds, as metadata.creationTimestamp and the like have it. */
export const timestamp = (wallMs: number): string =>
  new Date(wallMs).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** Milliseconds since the epoch; undefined for no or no valid time. */
export function parseTimestamp(text: string | undefined): number | undefined {
  const parsed = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** The owner that controls this object. */
export const controllerOf = (object: {
  readonly metadata?: Pick<ObjectMeta, 'ownerReferences'>;
}): OwnerReference | undefined =>
  object.metadata?.ownerReferences?.find((owner) => owner.controller === true);

/** `default/web`; `web` for kinds without a namespace. */
export const qualifiedName = ({ metadata }: KubernetesObject): string =>
  metadata?.namespace === undefined || metadata.namespace === ''
    ? (metadata?.name ?? '')
    : `${metadata.namespace}/${metadata.name ?? ''}`;
