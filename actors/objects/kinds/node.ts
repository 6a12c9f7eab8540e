// Node: one peer's machine, as a place for pods.

import type { KindDefinition } from '../kind-definition.ts';
import { isNodeReady, nodeAddress, nodeRoles } from '../node-status.ts';
import { findCondition } from '../conditions.ts';
import type { ObjectTypes } from '../kinds.ts';
import { subdomainProblems } from '../name-rules.ts';
import { ageColumn, column, nameColumn, wideColumn } from './columns.ts';
import { validateNode, validateNodeUpdate } from './node-validation.ts';

export const nodeKind: KindDefinition<'Node'> = {
  names: {
    kind: 'Node',
    group: '',
    version: 'v1',
    plural: 'nodes',
    singular: 'node',
    shortNames: ['no'],
    categories: [],
    namespaced: false,
  },
  schema: 'core.v1.Node',
  subresources: ['proxy', 'status'],
  columns: [
    nameColumn(),
    column('Status', 'Ready or not, and whether new pods may come.', statusText),
    column('Roles', 'What its labels make it.', (node) => nodeRoles(node).join(',') || '<none>'),
    ageColumn(),
    column(
      'Version',
      'The version it runs.',
      ({ status }) => status?.nodeInfo?.kubeletVersion ?? '',
    ),
    wideColumn(
      'Internal-IP',
      'Its address among the peers.',
      (node) => nodeAddress(node, 'InternalIP') ?? '<none>',
    ),
    wideColumn(
      'External-IP',
      'Its address for everybody.',
      (node) => nodeAddress(node, 'ExternalIP') ?? '<none>',
    ),
    wideColumn('OS-Image', 'Its operating system.', (node) => info(node, 'osImage')),
    wideColumn('Kernel-Version', 'Its kernel.', (node) => info(node, 'kernelVersion')),
    wideColumn('Container-Runtime', 'What runs pods there.', (node) =>
      info(node, 'containerRuntimeVersion'),
    ),
  ],
  selectableFields: {
    'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false),
  },
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: ({ status }) => {
      if (status?.capacity !== undefined) status.allocatable ??= { ...status.capacity };
    },
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
    // A peer registers its node whole, so a status that comes with the creation is kept.
    hasStatus: true,
    keepsStatusOnCreate: true,
    countsGenerations: false,
  },
};

function statusText(node: Readonly<ObjectTypes['Node']>): string {
  const condition = findCondition(node.status?.conditions, 'Ready');
  const ready = condition === undefined ? 'Unknown' : isNodeReady(node) ? 'Ready' : 'NotReady';
  return node.spec?.unschedulable === true ? `${ready},SchedulingDisabled` : ready;
}

type NodeInfo = NonNullable<NonNullable<ObjectTypes['Node']['status']>['nodeInfo']>;

const info = ({ status }: Readonly<ObjectTypes['Node']>, field: keyof NodeInfo): string =>
  status?.nodeInfo?.[field] ?? '<unknown>';
