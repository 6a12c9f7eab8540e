// IPAddress: an address that is taken, and by what. Its name is the address.

import { formatAddress, parseAddress } from '../../cidr.ts';
import { required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { optionalName, requiredName, unchanged } from '../../field-rules.ts';
import { IP_PROBLEM } from '../../ip-addresses.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { pathSegmentProblems, subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import type { IPAddress } from './address-kinds.ts';

export const ipAddressKind: KindDefinition<'IPAddress'> = {
  names: {
    kind: 'IPAddress',
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'ipaddresses',
    singular: 'ipaddress',
    shortNames: ['ip'],
    categories: [],
    namespaced: false,
  },
  schema: 'networking.v1.IPAddress',
  subresources: [],
  columns: [
    nameColumn(),
    column('ParentRef', 'What it was given to.', ({ spec }) => {
      if (spec === undefined) return '';
      const { group = '', resource, namespace = '', name } = spec.parentRef;
      const what = group === '' ? resource : `${resource}.${group}`;
      return [what.toLowerCase(), namespace, name].filter((part) => part !== '').join('/');
    }),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: addressNameProblems,
    setDefaults: () => undefined,
    validate: validateParent,
    validateUpdate: (next, old) =>
      unchanged('spec.parentRef', next.spec?.parentRef, old.spec?.parentRef),
    hasStatus: false,
    countsGenerations: false,
  },
};

function addressNameProblems(name: string): readonly string[] {
  const address = parseAddress(name);
  if (address === undefined) return [IP_PROBLEM];
  const canonical = formatAddress(address);
  return name === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

function validateParent({ spec }: Readonly<IPAddress>): readonly FieldError[] {
  const path = 'spec.parentRef';
  const parent = spec?.parentRef;
  if (parent === undefined) return [required(path)];
  return [
    ...optionalName(`${path}.group`, parent.group, subdomainProblems),
    ...requiredName(`${path}.resource`, parent.resource, pathSegmentProblems),
    ...requiredName(`${path}.name`, parent.name, pathSegmentProblems),
    ...optionalName(`${path}.namespace`, parent.namespace, pathSegmentProblems),
  ];
}
