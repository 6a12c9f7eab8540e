// Secret: what only some may read. Values are base64 in the API.

import type { KindDefinition } from '../../kind-definition.ts';
import { unchanged } from '../../field-rules.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import { validateSealed } from './config-data.ts';
import { validateSecret } from './secret-validation.ts';

export const secretKind: KindDefinition<'Secret'> = {
  names: {
    kind: 'Secret',
    group: '',
    version: 'v1',
    plural: 'secrets',
    singular: 'secret',
    shortNames: [],
    categories: [],
    namespaced: true,
  },
  schema: 'core.v1.Secret',
  subresources: [],
  columns: [
    nameColumn(),
    column('Type', 'What it is for.', ({ type }) => type ?? ''),
    column('Data', 'How many keys it has.', ({ data }) => Object.keys(data ?? {}).length),
    ageColumn(),
  ],
  selectableFields: { type: ({ type }) => type ?? '' },
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: (secret) => {
      secret.type ||= 'Opaque';
      if (secret.stringData === undefined) return;
      const written = Object.entries(secret.stringData).map(
        ([key, text]) => [key, Buffer.from(text).toString('base64')] as const,
      );
      // Written in clear for convenience, never kept so; it wins over data.
      secret.data = { ...secret.data, ...Object.fromEntries(written) };
      delete secret.stringData;
    },
    validate: validateSecret,
    validateUpdate: (next, old) => [
      ...unchanged('type', next.type, old.type),
      ...validateSealed(next, old, ['data']),
    ],
    hasStatus: false,
    countsGenerations: false,
  },
};
