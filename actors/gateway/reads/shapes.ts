// Objects in the shape the client accepts: as they are, as rows of a Table, or their metadata.

import type { Column } from '../../objects/kind-definition.ts';
import type { KindName, KubernetesObject, ObjectTypes } from '../../objects/kinds.ts';
import type { ServedKind } from '../../objects/served-kinds.ts';
import { asServed } from '../../objects/served-kinds.ts';
import type { Shape } from '../request/accept.ts';
import { unreachable } from '../../../runtime/index.ts';
import { badRequest } from '../status.ts';

/** What a Table's rows carry of their object. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** How one request wants its objects. */
export interface Presentation {
  readonly shape: Shape;
  readonly include: IncludeObject;
  /** For ages in tables. */
  readonly nowMs: number;
}

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** The includeObject parameter; Kubernetes' default is Metadata. */
export function includeObject(query: URLSearchParams): IncludeObject {
  const given = query.get('includeObject') ?? '';
  if (given === '') return 'Metadata';
  if (given === 'None' || given === 'Metadata' || given === 'Object') return given;
  throw badRequest(
    `invalid includeObject ${JSON.stringify(given)}: it must be None, Metadata or Object`,
  );
}

const partial = (object: KubernetesObject): unknown => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata ?? {},
});

function rowObject(
  definition: ServedKind,
  object: KubernetesObject,
  include: IncludeObject,
): unknown {
  if (include === 'None') return undefined;
  return include === 'Object' ? asServed(definition, object) : partial(object);
}

const columnDefinition = (column: Column<KindName>): unknown => ({
  name: column.name,
  type: column.type,
  format: column.format ?? '',
  description: column.description,
  priority: column.priority,
});

/** What a list is made of: all but its items, under which name those stand, and what stands for an object. */
export interface ListShape {
  readonly head: Readonly<Record<string, unknown>>;
  readonly field: 'items' | 'rows';
  readonly item: (object: KubernetesObject) => unknown;
}

/** One object. */
export function presentObject(
  definition: ServedKind,
  object: KubernetesObject,
  presentation: Presentation,
): unknown {
  if (presentation.shape === 'object') return asServed(definition, object);
  if (presentation.shape === 'partial-metadata') return partial(object);
  const resourceVersion = object.metadata?.resourceVersion ?? '';
  return presentList(definition, [object], { resourceVersion }, presentation);
}

/** A list of objects. */
export function presentList(
  definition: ServedKind,
  objects: readonly KubernetesObject[],
  metadata: ListMetadata,
  presentation: Presentation,
): unknown {
  const { head, field, item } = listShape(definition, metadata, presentation);
  return { ...head, [field]: objects.map(item) };
}

/** How a list is put together. */
export function listShape(
  definition: ServedKind,
  metadata: ListMetadata,
  { shape, include, nowMs }: Presentation,
): ListShape {
  const { group, version, kind } = definition.names;
  const { columns } = definition;
  switch (shape) {
    case 'table':
      return {
        head: {
          kind: 'Table',
          apiVersion: 'meta.k8s.io/v1',
          metadata,
          columnDefinitions: columns.map(columnDefinition),
        },
        field: 'rows',
        item: (object) => ({
          cells: columns.map(({ cell }) => cell(object as ObjectTypes[KindName], nowMs)),
          object: rowObject(definition, object, include),
        }),
      };
    case 'partial-metadata':
      return {
        head: { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata },
        field: 'items',
        item: partial,
      };
    case 'object':
      return {
        head: {
          kind: `${kind}List`,
          apiVersion: group === '' ? version : `${group}/${version}`,
          metadata,
        },
        field: 'items',
        item: (object) => asServed(definition, object),
      };
    default:
      return unreachable(shape);
  }
}
