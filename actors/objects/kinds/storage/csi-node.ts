// CSINode: the storage drivers of a node.

import type { CSINode, CSINodeDriver } from 'kubernetes-types/storage/v1.d.ts';
import { duplicate, invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalidBecause, notNegative, requiredName, sameValue } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { qualifiedNameProblems, subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import { driverNameProblems } from './driver-name.ts';

const NODE_ID_LENGTH = 256;

export const csiNodeKind: KindDefinition<'CSINode'> = {
  names: {
    kind: 'CSINode',
    group: 'storage.k8s.io',
    version: 'v1',
    plural: 'csinodes',
    singular: 'csinode',
    shortNames: [],
    categories: [],
    namespaced: false,
  },
  schema: 'storage.v1.CSINode',
  subresources: [],
  columns: [
    nameColumn(),
    column(
      'Drivers',
      'How many drivers it has.',
      ({ spec }) => spec?.drivers.length ?? 0,
      'integer',
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
    hasStatus: false,
    countsGenerations: false,
  },
};

function validateNode({ spec }: Readonly<CSINode>): readonly FieldError[] {
  const names = (spec?.drivers ?? []).map(({ name }) => name);
  return (spec?.drivers ?? []).flatMap((driver, i) => {
    const path = `spec.drivers[${i}]`;
    return [
      ...validateDriver(driver, path),
      ...(names.indexOf(driver.name) < i ? [duplicate(`${path}.name`, driver.name)] : []),
    ];
  });
}

function validateDriver(
  { name, nodeID, allocatable, topologyKeys = [] }: Readonly<CSINodeDriver>,
  path: string,
): readonly FieldError[] {
  const errors = [...requiredName(`${path}.name`, name, driverNameProblems)];
  if (nodeID === '') errors.push(required(`${path}.nodeID`));
  if (nodeID.length > NODE_ID_LENGTH) {
    const detail = `must be ${NODE_ID_LENGTH} characters or less`;
    errors.push(invalid(`${path}.nodeID`, nodeID, detail));
  }
  errors.push(...notNegative(`${path}.allocatable.count`, allocatable?.count));
  for (const [i, key] of topologyKeys.entries()) {
    const at = `${path}.topologyKeys`;
    errors.push(...invalidBecause(at, key, qualifiedNameProblems(key)));
    if (topologyKeys.indexOf(key) < i) errors.push(duplicate(at, key));
  }
  return errors;
}

/** A driver comes and goes, and how much it can attach changes; the rest of it stays. */
function validateNodeUpdate(
  next: Readonly<CSINode>,
  old: Readonly<CSINode>,
): readonly FieldError[] {
  const fixed = ({ allocatable: _room, ...driver }: Readonly<CSINodeDriver>): object => driver;
  return (next.spec?.drivers ?? []).flatMap((driver, i) => {
    const was = (old.spec?.drivers ?? []).find(({ name }) => name === driver.name);
    return was === undefined || sameValue(fixed(driver), fixed(was))
      ? []
      : [invalid(`spec.drivers[${i}]`, driver, 'field is immutable')];
  });
}
