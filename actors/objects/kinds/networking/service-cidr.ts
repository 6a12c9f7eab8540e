// ServiceCIDR: where the addresses of Services come from.

import { CIDR_PROBLEM, formatCidr, parseCidr } from '../../cidr.ts';
import { invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { unchanged } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import type { ServiceCIDR } from './address-kinds.ts';

export const serviceCidrKind: KindDefinition<'ServiceCIDR'> = {
  names: {
    kind: 'ServiceCIDR',
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'servicecidrs',
    singular: 'servicecidr',
    shortNames: [],
    categories: [],
    namespaced: false,
  },
  schema: 'networking.v1.ServiceCIDR',
  subresources: ['status'],
  columns: [
    nameColumn(),
    column('CIDRs', 'The blocks of addresses.', ({ spec }) => (spec?.cidrs ?? []).join(',')),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: validateBlocks,
    validateUpdate: (next, old) => unchanged('spec.cidrs', next.spec?.cidrs, old.spec?.cidrs),
    hasStatus: true,
    countsGenerations: false,
    prepareCreate: (cidr) => {
      cidr.status = {};
    },
  },
};

/** One of each family. */
const BLOCKS_LIMIT = 2;

function validateBlocks({ spec }: Readonly<ServiceCIDR>): readonly FieldError[] {
  const path = 'spec.cidrs';
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(path, 'at least one CIDR required')];
  if (cidrs.length > BLOCKS_LIMIT) {
    return [invalid(path, cidrs, 'may only hold up to 2 values')];
  }
  const blocks = cidrs.map(parseCidr);
  const errors = blocks.flatMap((block, i) => {
    const at = `${path}[${i}]`;
    if (block === undefined) return [invalid(at, cidrs[i], CIDR_PROBLEM)];
    const canonical = formatCidr(block);
    return canonical === cidrs[i]
      ? []
      : [invalid(at, cidrs[i], `must be in canonical form (${JSON.stringify(canonical)})`)];
  });
  if (cidrs.length === BLOCKS_LIMIT && blocks[0]?.family === blocks[1]?.family) {
    const detail =
      'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/96';
    errors.push(invalid(path, cidrs, detail));
  }
  return errors;
}
