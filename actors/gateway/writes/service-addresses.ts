// Cluster addresses and node ports of Services: each is a key of its own, taken in the Service's transaction.

import type { ServiceSpec } from 'kubernetes-types/core/v1.d.ts';
import type { Compare, Operation, StoreView } from '../../../consensus/index.ts';
import { StatusError } from '../status.ts';

/** 10.96.0.0/12 without its network address, its last address and 10.96.0.1, the API's own. */
const FIRST_ADDRESS = 0x0a_60_00_02;
const ADDRESS_COUNT = 2 ** 20 - 3;

const FIRST_NODE_PORT = 30_000;
const NODE_PORT_COUNT = 2_768;

/** Addresses looked at before the range is called full. */
const MAX_ADDRESS_PROBES = 4_096;

/** Who holds an address or port: a Service's uid. The address is taken as long as the Service lives. */
export const addressKey = (address: string): string => `/skein/service-addresses/${address}`;
export const nodePortKey = (port: number): string => `/skein/service-node-ports/${port}`;

/** A decision to take or give back: what must still be so, and what to write. */
export interface Allocation {
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
}

/** What the allocator looks at. */
export interface AllocationContext {
  readonly view: StoreView;
  /** Whether a Service with this uid is there. */
  readonly isAlive: (uid: string) => boolean;
  /** The Service that is written. */
  readonly uid: string;
  /** Where to begin to look: spreads concurrent writers. */
  readonly seed: string;
}

/** FNV-1a, 32 bits: the same name asks for the same address at every peer. */
function hash(words: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < words.length; index++) {
    value = Math.imul(value ^ words.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}

const printAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');

function parseAddress(words: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(words)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((address, part) => address * 256 + part, 0);
}

const inRange = (address: number): boolean =>
  address >= FIRST_ADDRESS - 1 && address < FIRST_ADDRESS + ADDRESS_COUNT;

/** The decision to take `key`, or undefined when somebody else holds it. */
function take(context: AllocationContext, key: string): Allocation | undefined {
  const held = context.view.get(key);
  const put: Operation = { type: 'put', key, value: context.uid };
  if (held === undefined) {
    return { compare: [{ target: 'mod', key, is: '=', to: 0 }], success: [put] };
  }
  if (held.value === context.uid) return { compare: [], success: [] };
  if (context.isAlive(held.value)) return undefined;
  // Left behind by a Service that was deleted without the gateway.
  return { compare: [{ target: 'mod', key, is: '=', to: held.modRevision }], success: [put] };
}

const refuse = (field: string, message: string): StatusError =>
  new StatusError(422, 'Invalid', `Service is invalid: ${field}: ${message}`, {
    kind: 'Service',
    causes: [{ reason: 'FieldValueInvalid', field, message }],
  });

/** The first free one of `count` candidates from the seed's place on. */
function search(
  context: AllocationContext,
  count: number,
  probes: number,
  keyOf: (index: number) => string,
  taken: ReadonlySet<string>,
): { readonly index: number; readonly allocation: Allocation } | undefined {
  const start = hash(context.seed) % count;
  for (let probe = 0; probe < Math.min(count, probes); probe++) {
    const index = (start + probe) % count;
    const key = keyOf(index);
    if (taken.has(key)) continue;
    const allocation = take(context, key);
    if (allocation !== undefined) return { index, allocation };
  }
  return undefined;
}

function allocateAddress(
  spec: ServiceSpec,
  context: AllocationContext,
): readonly [string | undefined, Allocation | undefined] {
  if (spec.type === 'ExternalName') return [undefined, undefined];
  const asked = spec.clusterIP ?? '';
  if (asked === 'None') return ['None', undefined];
  if (asked !== '') {
    const address = parseAddress(asked);
    if (address === undefined || !inRange(address)) {
      throw refuse(
        'spec.clusterIPs',
        `Invalid value: ["${asked}"]: failed to allocate IP ${asked}: ` +
          'the provided IP is not in the valid range; the range of valid IPs is 10.96.0.0/12',
      );
    }
    const allocation = take(context, addressKey(asked));
    if (allocation === undefined) {
      throw refuse(
        'spec.clusterIPs',
        `Invalid value: ["${asked}"]: failed to allocate IP ${asked}: provided IP is already allocated`,
      );
    }
    return [asked, allocation];
  }
  const keyOf = (index: number): string => addressKey(printAddress(FIRST_ADDRESS + index));
  const found = search(context, ADDRESS_COUNT, MAX_ADDRESS_PROBES, keyOf, new Set());
  if (found === undefined) throw refuse('spec.clusterIP', 'no address of 10.96.0.0/12 is free');
  return [printAddress(FIRST_ADDRESS + found.index), found.allocation];
}

function allocatePorts(
  spec: ServiceSpec,
  context: AllocationContext,
): readonly [ServiceSpec['ports'], readonly Allocation[]] {
  const isOpen = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  if (!isOpen || spec.ports === undefined) return [spec.ports, []];
  const allocations = new Map<string, Allocation>();
  const ports = spec.ports.map((port, index) => {
    const asked = port.nodePort ?? 0;
    if (asked !== 0) {
      const key = nodePortKey(asked);
      const allocation = take(context, key);
      const field = `spec.ports[${index}].nodePort`;
      if (asked < FIRST_NODE_PORT || asked >= FIRST_NODE_PORT + NODE_PORT_COUNT) {
        throw refuse(
          field,
          `Invalid value: ${asked}: provided port is not in the valid range. The range of valid ports is 30000-32767`,
        );
      }
      if (allocation === undefined) {
        throw refuse(field, `Invalid value: ${asked}: provided port is already allocated`);
      }
      allocations.set(key, allocation);
      return port;
    }
    const keyOf = (place: number): string => nodePortKey(FIRST_NODE_PORT + place);
    const own = { ...context, seed: `${context.seed}/${port.name ?? ''}/${port.port}` };
    const askedKeys = (spec.ports ?? []).map((other) => nodePortKey(other.nodePort ?? 0));
    const taken = new Set([...allocations.keys(), ...askedKeys]);
    const found = search(own, NODE_PORT_COUNT, NODE_PORT_COUNT, keyOf, taken);
    if (found === undefined) throw refuse(`spec.ports[${index}].nodePort`, 'no node port is free');
    allocations.set(keyOf(found.index), found.allocation);
    return { ...port, nodePort: FIRST_NODE_PORT + found.index };
  });
  return [ports, [...allocations.values()]];
}

const keysOf = (spec: ServiceSpec | undefined): ReadonlySet<string> => {
  const address = spec?.clusterIP ?? '';
  return new Set([
    ...(address === '' || address === 'None' ? [] : [addressKey(address)]),
    ...(spec?.ports ?? []).flatMap(({ nodePort = 0 }) =>
      nodePort === 0 ? [] : [nodePortKey(nodePort)],
    ),
  ]);
};

/** Gives back what the old spec holds and the new one does not; `kept` undefined for a deleted Service. */
export function releaseAddresses(
  old: ServiceSpec | undefined,
  kept: ServiceSpec | undefined,
  context: Pick<AllocationContext, 'view' | 'uid'>,
): Allocation {
  const still = keysOf(kept);
  const freed = [...keysOf(old)].filter((key) => !still.has(key));
  const mine = freed.filter((key) => context.view.get(key)?.value === context.uid);
  return {
    compare: mine.map((key) => ({ target: 'value', key, is: '=', to: context.uid })),
    success: mine.map((key) => ({ type: 'delete', key })),
  };
}

/** Fills in what a Service's spec leaves open. Throws 422 for an address or port that cannot be had. */
export function allocateAddresses(
  spec: ServiceSpec,
  context: AllocationContext,
): { readonly spec: ServiceSpec; readonly allocation: Allocation } {
  const [clusterIP, address] = allocateAddress(spec, context);
  const [ports, portAllocations] = allocatePorts(spec, context);
  const all = [...(address === undefined ? [] : [address]), ...portAllocations];
  return {
    spec: {
      ...spec,
      ...(clusterIP === undefined ? {} : { clusterIP, clusterIPs: [clusterIP] }),
      ...(ports === undefined ? {} : { ports }),
    },
    allocation: {
      compare: all.flatMap(({ compare }) => compare),
      success: all.flatMap(({ success }) => success),
    },
  };
}
