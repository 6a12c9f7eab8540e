// What strategic merge needs to know of a type: its fields, and how its lists are merged.

/** A type as patches see it. An unknown type (undefined) is merged as plain data. */
export interface PatchSchema {
  /** The type of a field; of a map's values as well. */
  readonly field: (name: string) => PatchSchema | undefined;
  /** The type of a list's elements. */
  readonly items?: () => PatchSchema | undefined;
  /** The field that tells the elements of a list apart. */
  readonly mergeKey?: string;
  readonly strategies: readonly PatchStrategy[];
}

export type PatchStrategy = 'merge' | 'replace' | 'retainKeys';
