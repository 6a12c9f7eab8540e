// What is wrong with the metadata of an object.

import type { ObjectMeta, OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import { forbidden, invalid, required, tooLong } from './field-errors.ts';
import type { FieldError } from './field-errors.ts';
import { invalidBecause, validateLabels } from './field-rules.ts';
import { labelProblems, qualifiedNameProblems } from './name-rules.ts';

/** Keys and values of all annotations together. */
export const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

export function validateMetadata(
  metadata: Readonly<ObjectMeta>,
  namespaced: boolean,
  nameProblems: (name: string) => readonly string[],
): readonly FieldError[] {
  const { name = '', namespace = '', generateName = '' } = metadata;
  const errors: FieldError[] = [];
  if (name === '') errors.push(required('metadata.name', 'name or generateName is required'));
  else errors.push(...invalidBecause('metadata.name', name, nameProblems(name)));
  if (generateName !== '') {
    // A generated name goes on, so its beginning may end in a hyphen.
    const problems = nameProblems(generateName.replace(/-$/, 'a'));
    errors.push(...invalidBecause('metadata.generateName', generateName, problems));
  }
  if (namespaced && namespace === '') errors.push(required('metadata.namespace'));
  else if (namespaced) {
    errors.push(...invalidBecause('metadata.namespace', namespace, labelProblems(namespace)));
  }
  return [
    ...errors,
    ...validateLabels('metadata.labels', metadata.labels),
    ...validateAnnotations(metadata.annotations),
    ...validateOwners(metadata.ownerReferences),
    ...validateFinalizers(metadata.finalizers),
  ];
}

function validateAnnotations(annotations: ObjectMeta['annotations']): readonly FieldError[] {
  const path = 'metadata.annotations';
  let bytes = 0;
  const errors = Object.entries(annotations ?? {}).flatMap(([key, value]) => {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    return invalidBecause(path, key, qualifiedNameProblems(key.toLowerCase()));
  });
  return bytes > ANNOTATIONS_LIMIT_BYTES
    ? [...errors, tooLong(path, ANNOTATIONS_LIMIT_BYTES)]
    : errors;
}

function validateOwners(owners: readonly OwnerReference[] | undefined): readonly FieldError[] {
  const path = 'metadata.ownerReferences';
  const errors: FieldError[] = [];
  for (const [i, owner] of (owners ?? []).entries()) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if ((owner[field] ?? '') === '') {
        errors.push(invalid(`${path}[${i}].${field}`, owner[field] ?? '', 'must not be empty'));
      }
    }
  }
  const controllers = (owners ?? []).filter(({ controller }) => controller === true);
  if (controllers.length <= 1) return errors;
  const names = controllers.map(({ kind, name }) => `${kind}/${name}`).join(', ');
  const detail = `Only one reference can have Controller set to true. Found "true" in references for ${names}`;
  return [...errors, invalid(path, owners, detail)];
}

const BARE_FINALIZERS = ['orphan', 'foregroundDeletion', 'kubernetes'];

const validateFinalizers = (finalizers: readonly string[] | undefined): readonly FieldError[] =>
  (finalizers ?? []).flatMap((finalizer, i) => {
    const path = `metadata.finalizers[${i}]`;
    const problems = qualifiedNameProblems(finalizer);
    if (problems.length > 0) return invalidBecause(path, finalizer, problems);
    return finalizer.includes('/') || BARE_FINALIZERS.includes(finalizer)
      ? []
      : [
          invalid(
            path,
            finalizer,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ];
  });

/** Who an object is stays. */
export function validateMetadataUpdate(
  metadata: Readonly<ObjectMeta>,
  old: Readonly<ObjectMeta>,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['name', 'namespace', 'uid'] as const) {
    const [next, was] = [metadata[field] ?? '', old[field] ?? ''];
    if (next !== was) errors.push(invalid(`metadata.${field}`, next, 'field is immutable'));
  }
  if (old.deletionTimestamp === undefined) return errors;
  const added = (metadata.finalizers ?? []).filter(
    (finalizer) => !(old.finalizers ?? []).includes(finalizer),
  );
  if (added.length === 0) return errors;
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
  return [...errors, forbidden('metadata.finalizers', detail)];
}
