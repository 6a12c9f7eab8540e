// A peer's own Node object: what it says of its machine, written by that peer alone.

import type { Node, Taint } from 'kubernetes-types/core/v1.d.ts';
import { findCondition } from '../objects/conditions.ts';
import { timestamp } from '../objects/meta.ts';
import type { Stored } from '../objects/objects.ts';

type Amounts = Readonly<Record<'cpu' | 'memory' | 'pods', string>>;

/** What the machine has and is; adapters read it. */
export interface Machine {
  readonly capacity: Amounts;
  readonly allocatable: Amounts;
  /** As in `linux`, `amd64`. */
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly bootId: string;
}

export interface NodeSelf {
  readonly name: string;
  readonly peerId: string;
  readonly zone: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly drivers: readonly string[];
  readonly price?: string | undefined;
  /** Where its fronts and NodePorts are bound. */
  readonly nodeAddress: string;
  /** Its pods' addresses, `127.70.3.0/24`; undefined where all pods share one address. */
  readonly podRange?: string | undefined;
  readonly machine: Machine;
}

/** The Node of a peer that starts: what others manage (cordon, other labels, NotReady) stays as it is. */
export function nodeObject(
  self: NodeSelf,
  existing: Stored<'Node'> | undefined,
  nowMs: number,
): Node {
  const { machine } = self;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      ...existing?.metadata,
      name: self.name,
      labels: { ...existing?.metadata?.labels, ...ownLabels(self) },
      annotations: {
        ...existing?.metadata?.annotations,
        'skein.dev/peer-id': self.peerId,
        'skein.dev/drivers': self.drivers.join(','),
        ...(self.price === undefined ? {} : { 'skein.dev/price': self.price }),
      },
    },
    spec: {
      ...existing?.spec,
      ...(self.podRange === undefined ? {} : { podCIDR: self.podRange, podCIDRs: [self.podRange] }),
      providerID: `skein://${self.peerId}`,
      ...taintsOf(self, existing),
    },
    status: {
      ...existing?.status,
      capacity: { ...machine.capacity },
      allocatable: { ...machine.allocatable },
      addresses: [
        { type: 'InternalIP', address: self.nodeAddress },
        { type: 'Hostname', address: self.name },
      ],
      conditions: conditionsOf(existing, nowMs),
      nodeInfo: nodeInfo(self),
      daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
    },
  };
}

function ownLabels(self: NodeSelf): Readonly<Record<string, string>> {
  return {
    'kubernetes.io/hostname': self.name,
    'kubernetes.io/os': self.machine.operatingSystem,
    'kubernetes.io/arch': self.machine.architecture,
    'skein.dev/zone': self.zone,
    'topology.kubernetes.io/region': self.zone,
    ...self.labels,
  };
}

/** Its own taints replace those of the same key and effect; others stay. */
function taintsOf(self: NodeSelf, existing: Stored<'Node'> | undefined): { taints?: Taint[] } {
  const isOwn = ({ key, effect }: Taint): boolean =>
    self.taints.some((own) => own.key === key && own.effect === effect);
  const others = (existing?.spec?.taints ?? []).filter((taint) => !isOwn(taint));
  const taints = [...others, ...self.taints];
  return taints.length === 0 ? {} : { taints };
}

/** Ready is the leader's to change once the Node exists; a new Node begins ready. */
function conditionsOf(
  existing: Stored<'Node'> | undefined,
  nowMs: number,
): NonNullable<NonNullable<Node['status']>['conditions']> {
  const known = existing?.status?.conditions;
  if (known !== undefined && findCondition(known, 'Ready') !== undefined) return [...known];
  const now = timestamp(nowMs);
  return [
    {
      type: 'Ready',
      status: 'True',
      reason: 'PeerReady',
      message: 'the peer has joined its zone',
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    },
  ];
}

const nodeInfo = ({ machine, version }: NodeSelf) => ({
  architecture: machine.architecture,
  operatingSystem: machine.operatingSystem,
  kernelVersion: machine.kernelVersion,
  osImage: machine.operatingSystem,
  bootID: machine.bootId,
  machineID: '',
  systemUUID: '',
  containerRuntimeVersion: `skein://${version}`,
  kubeletVersion: `v${version}`,
  kubeProxyVersion: `v${version}`,
});
