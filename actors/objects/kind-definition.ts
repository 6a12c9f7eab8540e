// What one entry of the kind table says: everything the machinery needs to serve a kind.

import type { FieldError } from './field-errors.ts';
import type { KindName, KindNames, ObjectTypes } from './kinds.ts';

/** What can be asked of one object below its own path. */
export type SubresourceName =
  | 'approval'
  | 'attach'
  | 'binding'
  | 'ephemeralcontainers'
  | 'eviction'
  | 'exec'
  | 'finalize'
  | 'log'
  | 'portforward'
  | 'proxy'
  | 'resize'
  | 'scale'
  | 'status'
  | 'token';

/** The subresources through which a status is written. */
export type StatusSubresource = 'approval' | 'status';

/** Who asks for a change, as authentication found. */
export interface Requester {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

export type Cell = string | number | boolean;

/** One column of `kubectl get`. */
export interface Column<K extends KindName> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  /** 'name' marks the column that identifies the object. */
  readonly format?: 'name';
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: 0 | 1;
  readonly description: string;
  readonly cell: (object: Readonly<ObjectTypes[K]>, nowMs: number) => Cell;
}

/** Parts of an object that only a subresource of their own changes. */
export type PartName = 'ephemeralcontainers' | 'resize';

export interface PartStrategy<K extends KindName> {
  /** The old object with the part as the given one has it; neither is changed. */
  readonly take: (given: Readonly<ObjectTypes[K]>, old: Readonly<ObjectTypes[K]>) => ObjectTypes[K];
  readonly validate: (
    next: Readonly<ObjectTypes[K]>,
    old: Readonly<ObjectTypes[K]>,
  ) => readonly FieldError[];
}

/** How objects of a kind come to be and may change. Functions that change an object get a copy of their own. */
export interface Strategy<K extends KindName> {
  /** Is `name` a legal metadata.name? What is wrong with it, else nothing. */
  readonly nameProblems: (name: string) => readonly string[];
  /** Sets what the writer left out. */
  readonly setDefaults: (object: ObjectTypes[K]) => void;
  /** What is wrong with a new object, or with the new state of an old one. */
  readonly validate: (object: ObjectTypes[K]) => readonly FieldError[];
  /** What is wrong with a new object only. */
  readonly validateCreate?: (object: ObjectTypes[K]) => readonly FieldError[];
  /** What must not have changed. */
  readonly validateUpdate: (
    next: ObjectTypes[K],
    old: Readonly<ObjectTypes[K]>,
  ) => readonly FieldError[];
  /** What is wrong with a status, written through a subresource of it. */
  readonly validateStatus?: (
    next: ObjectTypes[K],
    old: Readonly<ObjectTypes[K]>,
  ) => readonly FieldError[];
  readonly parts?: Readonly<Record<PartName, PartStrategy<K>>>;
  /** Does the object have a status that only the status subresource writes? */
  readonly hasStatus: boolean;
  /** May a status come with the creation? Default no: it starts anew. */
  readonly keepsStatusOnCreate?: boolean;
  /** Is metadata.generation counted, by changes of the spec? */
  readonly countsGenerations: boolean;
  /** Sets what the server alone decides in a new object (the first status). */
  readonly prepareCreate?: (object: ObjectTypes[K], by: { readonly user?: Requester }) => void;
  /** Carries over what an update of the object may not decide. */
  readonly prepareUpdate?: (next: ObjectTypes[K], old: Readonly<ObjectTypes[K]>) => void;
  /** Carries over what a write of the status may not decide, and sets what the server alone does. */
  readonly prepareStatus?: (
    next: ObjectTypes[K],
    old: Readonly<ObjectTypes[K]>,
    by: { readonly subresource: StatusSubresource; readonly nowMs: number | undefined },
  ) => void;
}

/**
 * A further place of the API where the objects of a kind are served, as another group or version has them.
 * Both conversions are pure, take metadata as they are, and lose nothing that the other form can say.
 */
export interface OtherForm<K extends KindName> {
  readonly group: string;
  readonly version: string;
  /** The name of its definition in schema.generated.ts. */
  readonly schema: string;
  /** What is stored, from an object that fits the schema of this form. */
  readonly toStored: (object: Readonly<Record<string, unknown>>) => ObjectTypes[K];
  /** The object in this form; of bookmarks it has nothing but metadata. */
  readonly fromStored: (object: Readonly<ObjectTypes[K]>) => Readonly<Record<string, unknown>>;
  /** What this form wants of a new object beyond the rules of the kind. */
  readonly validateCreate?: (object: Readonly<ObjectTypes[K]>) => readonly FieldError[];
  /** In place of the kind's. */
  readonly selectableFields: KindDefinition<K>['selectableFields'];
}

export interface KindDefinition<K extends KindName> {
  readonly names: KindNames & { readonly kind: K };
  /** The name of its definition in schema.generated.ts. */
  readonly schema: string;
  readonly subresources: readonly SubresourceName[];
  readonly columns: readonly Column<K>[];
  readonly strategy: Strategy<K>;
  /** Where else its objects are served. */
  readonly otherForms?: readonly OtherForm<K>[];
  /** What field selectors may ask beside metadata.name and metadata.namespace; a missing field is ''. */
  readonly selectableFields: Readonly<Record<string, (object: Readonly<ObjectTypes[K]>) => string>>;
}
