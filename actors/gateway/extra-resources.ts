// Resources of Skein's own group: peers, status, tokens and the like, answered by handlers given from outside.

import type { Result } from '../../runtime/index.ts';
import type { User } from './request/api-request.ts';
import type { JsonObject } from './request/body.ts';

export const SKEIN_GROUP = 'skein.dev';
export const SKEIN_VERSION = 'v1';

export type ExtraVerb = 'get' | 'list' | 'create' | 'update' | 'delete';

export interface ExtraRequest {
  readonly verb: ExtraVerb;
  /** '' for the collection. */
  readonly name: string;
  readonly query: URLSearchParams;
  /** What create and update were sent; an empty object when nothing was. */
  readonly body: JsonObject;
  readonly user: User;
}

export interface ExtraReply {
  /** Default 200, and 201 for create. */
  readonly status?: number;
  /** An object with kind and apiVersion. */
  readonly body: unknown;
}

/** A column that `kubectl get` shows of an extra resource. */
export interface ExtraColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean';
  readonly cell: (object: JsonObject) => string | number | boolean;
}

/** One resource under /apis/skein.dev/v1/, without a namespace. */
export interface ExtraResource {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames?: readonly string[];
  readonly verbs: readonly ExtraVerb[];
  /** For Table output; without them clients print what they can. */
  readonly columns?: readonly ExtraColumn[];
  readonly handler: (request: ExtraRequest) => Promise<Result<ExtraReply>>;
}

/** All of them, unique by plural. */
export type ExtraResources = readonly ExtraResource[];
