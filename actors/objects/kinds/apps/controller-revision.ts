// ControllerRevision: a template as it once was, kept by StatefulSets and DaemonSets for their roll-back.

import { required } from '../../field-errors.ts';
import { notNegative, unchanged } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { controllerOf } from '../../meta.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';

export const controllerRevisionKind: KindDefinition<'ControllerRevision'> = {
  names: {
    kind: 'ControllerRevision',
    group: 'apps',
    version: 'v1',
    plural: 'controllerrevisions',
    singular: 'controllerrevision',
    shortNames: [],
    categories: [],
    namespaced: true,
  },
  schema: 'apps.v1.ControllerRevision',
  subresources: [],
  columns: [
    nameColumn(),
    column('Controller', 'Whose template it was.', (revision) => {
      const owner = controllerOf(revision);
      if (owner === undefined) return '<none>';
      const [group, version] = owner.apiVersion.split('/');
      const kind = owner.kind.toLowerCase();
      return `${version === undefined ? kind : `${kind}.${group}`}/${owner.name}`;
    }),
    column('Revision', 'Which one it was.', ({ revision }) => revision ?? 0, 'integer'),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: ({ data, revision }) => [
      ...(data === undefined ? [required('data', 'data is mandatory')] : []),
      ...notNegative('revision', revision),
    ],
    validateUpdate: (next, old) => unchanged('data', next.data, old.data),
    hasStatus: false,
    countsGenerations: false,
  },
};
