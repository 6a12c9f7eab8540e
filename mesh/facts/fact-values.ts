// What a fact must look like to be shown to readers: facts of other peers are untrusted JSON. Pure.

import { z } from 'zod';
import type { NodeFacts } from '../mesh.ts';

/** Longest name, address or value of a label. */
const TEXT_LIMIT = 512;

/** Labels, taints or drivers of one peer; Kubernetes has no limit, a hint needs one. */
export const LABELS_LIMIT = 128;
export const TAINTS_LIMIT = 32;
const DRIVERS_LIMIT = 8;

/** Endpoints of one peer that are told not to serve. */
export const UNREADY_LIMIT = 64;

const text = z.string().max(TEXT_LIMIT);
const fraction = z.number().min(0).max(1);
const amounts = z.object({ cpu: text, memory: text, pods: text });

/** A key that is missing here is shown as it is: it is of a later version, and nobody reads it. */
const schemas: Readonly<Record<string, z.ZodType>> = {
  name: text.min(1),
  zone: text.min(1),
  labels: z.record(text, text).refine((labels) => Object.keys(labels).length <= LABELS_LIMIT),
  taints: z.array(z.object({ key: text, value: text.optional(), effect: text })).max(TAINTS_LIMIT),
  isCordoned: z.boolean(),
  drivers: z.array(text).max(DRIVERS_LIMIT),
  capacity: amounts,
  allocatable: amounts,
  allocated: z.object({
    cpuMillis: z.number().nonnegative(),
    memoryBytes: z.number().nonnegative(),
    pods: z.number().nonnegative(),
  }),
  load: z.object({ cpu: fraction, memory: fraction }),
  price: text,
  version: text,
  protocol: z.number().int().nonnegative(),
  api: text,
  nodeAddress: text,
  isWitness: z.boolean(),
  unready: z.array(text).max(UNREADY_LIMIT),
} satisfies Record<keyof KnownFacts, z.ZodType>;

/** Without the index signature, so that the compiler tells of a fact that has no schema. */
type KnownFacts = {
  [K in keyof NodeFacts as string extends K ? never : K]: NodeFacts[K];
};

/** The value of a fact, or undefined when it is none: no JSON, or not what this key holds. */
export function readFact(key: string, json: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // Whoever wrote it speaks of itself alone: nobody else is the worse for it.
    return undefined;
  }
  const schema = Object.hasOwn(schemas, key) ? schemas[key] : undefined;
  if (schema === undefined) return value ?? undefined;
  const read = schema.safeParse(value);
  return read.success ? read.data : undefined;
}
