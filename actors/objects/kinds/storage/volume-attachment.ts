// VolumeAttachment: a volume that shall be attached to a node.

import type { VolumeAttachment } from 'kubernetes-types/storage/v1.d.ts';
import { forbidden, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { requiredName, unchanged } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import { driverNameProblems } from './driver-name.ts';

export const volumeAttachmentKind: KindDefinition<'VolumeAttachment'> = {
  names: {
    kind: 'VolumeAttachment',
    group: 'storage.k8s.io',
    version: 'v1',
    plural: 'volumeattachments',
    singular: 'volumeattachment',
    shortNames: [],
    categories: [],
    namespaced: false,
  },
  schema: 'storage.v1.VolumeAttachment',
  subresources: ['status'],
  columns: [
    nameColumn(),
    column('Attacher', 'The driver.', ({ spec }) => spec?.attacher ?? ''),
    column('PV', 'The volume.', ({ spec }) => spec?.source.persistentVolumeName ?? ''),
    column('Node', 'The node.', ({ spec }) => spec?.nodeName ?? ''),
    column('Attached', 'Whether it is done.', ({ status }) => status?.attached ?? false, 'boolean'),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: validateAttachment,
    validateUpdate: (next, old) => unchanged('spec', next.spec, old.spec),
    hasStatus: true,
    countsGenerations: false,
    prepareCreate: (attachment) => {
      attachment.status = { attached: false };
    },
  },
};

function validateAttachment({ spec }: Readonly<VolumeAttachment>): readonly FieldError[] {
  const { persistentVolumeName, inlineVolumeSpec } = spec?.source ?? {};
  const path = 'spec.source';
  const errors = [...requiredName('spec.attacher', spec?.attacher, driverNameProblems)];
  if ((spec?.nodeName ?? '') === '') errors.push(required('spec.nodeName'));
  if (persistentVolumeName === undefined && inlineVolumeSpec === undefined) {
    const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
    errors.push(required(path, detail));
  }
  if (persistentVolumeName !== undefined && inlineVolumeSpec !== undefined) {
    const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
    errors.push(forbidden(path, detail));
  }
  return persistentVolumeName === ''
    ? [...errors, required(`${path}.persistentVolumeName`)]
    : errors;
}
