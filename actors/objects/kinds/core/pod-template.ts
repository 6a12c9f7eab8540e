// PodTemplate: a pod's description that is kept for controllers to use.

import { required } from '../../field-errors.ts';
import { validateLabels } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import {
  ageColumn,
  column,
  containerImages,
  containerNames,
  labelsText,
  nameColumn,
} from '../columns.ts';
import { setPodSpecDefaults } from '../pod-spec-defaults.ts';
import { validatePodSpec } from '../pod-spec-validation.ts';

export const podTemplateKind: KindDefinition<'PodTemplate'> = {
  names: {
    kind: 'PodTemplate',
    group: '',
    version: 'v1',
    plural: 'podtemplates',
    singular: 'podtemplate',
    shortNames: [],
    categories: [],
    namespaced: true,
  },
  schema: 'core.v1.PodTemplate',
  subresources: [],
  columns: [
    nameColumn(),
    column('Containers', 'Names of the containers.', ({ template }) =>
      containerNames(template?.spec?.containers),
    ),
    column('Images', 'Images of the containers.', ({ template }) =>
      containerImages(template?.spec?.containers),
    ),
    column('Pod Labels', 'Labels of its pods.', ({ template }) =>
      labelsText(template?.metadata?.labels),
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: ({ template }) => {
      if (template?.spec !== undefined) setPodSpecDefaults(template.spec);
    },
    validate: ({ template }) =>
      template === undefined
        ? [required('template.spec.containers')]
        : [
            ...validateLabels('template.metadata.labels', template.metadata?.labels),
            ...validatePodSpec(template.spec, 'template.spec'),
          ],
    validateUpdate: () => [],
    hasStatus: false,
    countsGenerations: true,
  },
};
