// The immutable picture of the zone that one batch of placements is decided from.

import type { Node, Taint } from 'kubernetes-types/core/v1.d.ts';
import type { KeyValue } from '../../consensus/index.ts';
import { allocated, readAllocation } from '../objects/allocation.ts';
import type { NodeAllocatable } from '../objects/node-status.ts';
import { isNodeReady, nodeAllocatable } from '../objects/node-status.ts';

import type { Stored } from '../objects/objects.ts';

/** Failure domains inside a zone. */
export const DOMAIN_LABEL = 'topology.kubernetes.io/zone';
/** The drivers a node offers, separated by commas or dots; as an annotation or a label. */
export const DRIVERS_KEY = 'skein.dev/drivers';
/** The driver of pods that name none, where nothing else is offered. */
export const EMBEDDED_DRIVER = 'process';

/** What a node says of itself, from the log. */
export interface NodeTraits {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** '' for nodes that name no failure domain: they share one. */
  readonly domain: string;
  readonly taints: readonly Taint[];
  readonly isReady: boolean;
  readonly isCordoned: boolean;
  readonly drivers: ReadonlySet<string>;
  readonly allocatable: NodeAllocatable;
}

/** What is promised on a node, from its allocation record. */
export interface NodeUse {
  /** The record itself, which binding compares; undefined when nothing was ever promised. */
  readonly record: KeyValue | undefined;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly podCount: number;
  readonly hostPorts: ReadonlySet<string>;
}

/** Fractions of capacity in use, 0 to 1, from gossip: a hint. */
export interface NodeLoad {
  readonly cpu: number;
  readonly memory: number;
}

export interface NodeView {
  readonly node: Stored<'Node'>;
  readonly traits: NodeTraits;
  readonly use: NodeUse;
  readonly load: NodeLoad | undefined;
}

export interface ClusterView {
  readonly nodes: readonly NodeView[];
  /** Live pods of a group per node. */
  readonly countsOf: (group: string) => ReadonlyMap<string, number>;
}

function driversOf({ metadata }: Node): ReadonlySet<string> {
  const text = metadata?.annotations?.[DRIVERS_KEY] ?? metadata?.labels?.[DRIVERS_KEY];
  const drivers = (text ?? '').split(/[,.]/).map((name) => name.trim());
  const named = drivers.filter((name) => name !== '');
  return new Set(named.length === 0 ? [EMBEDDED_DRIVER] : named);
}

export function nodeTraits(node: Node): NodeTraits {
  const labels = node.metadata?.labels ?? {};
  return {
    name: node.metadata?.name ?? '',
    labels,
    domain: labels[DOMAIN_LABEL] ?? '',
    taints: node.spec?.taints ?? [],
    isReady: isNodeReady(node),
    isCordoned: node.spec?.unschedulable === true || node.metadata?.deletionTimestamp !== undefined,
    drivers: driversOf(node),
    allocatable: nodeAllocatable(node),
  };
}

export function nodeUse(record: KeyValue | undefined): NodeUse {
  const { pods, cpuMillis, memoryBytes, hostPorts } = allocated(readAllocation(record));
  return { record, cpuMillis, memoryBytes, podCount: pods, hostPorts: new Set(hostPorts) };
}

/** Whether nothing about a node changed that filters look at; its status reports are frequent. */
export function sameTraits(a: Node, b: Node): boolean {
  const text = (node: Node): string => {
    const traits = nodeTraits(node);
    return JSON.stringify({ ...traits, drivers: [...traits.drivers] });
  };
  return text(a) === text(b);
}
