// What one document publishes: paths, and every definition that they refer to.

import type { GroupVersion } from '../discovery/catalog.ts';
import type { JsonObject } from '../request/body.ts';
import type { GroupVersionKind } from './definition-names.ts';
import { definitionOf, publishedName } from './definition-names.ts';
import type { Path } from './operations.ts';
import { pathsOf } from './operations.ts';
import type { Pace } from '../pace.ts';
import type { Dialect } from './schemas.ts';
import { definitionSchema, listSchema, referencesOf, SCALAR_SCHEMAS } from './schemas.ts';

/** Something with a name, made when it is needed. */
export interface Entry<T> {
  readonly name: string;
  readonly make: () => T;
}

export interface Contents {
  readonly paths: readonly Path[];
  readonly definitions: readonly Entry<JsonObject>[];
}

/** Kinds that every group shares. */
const SHARED: ReadonlyMap<string, GroupVersionKind> = new Map([
  ['meta.v1.DeleteOptions', { group: '', version: 'v1', kind: 'DeleteOptions' }],
  ['meta.v1.Status', { group: '', version: 'v1', kind: 'Status' }],
]);

/** Everything that is served under these groups and versions. */
export async function contentsOf(
  dialect: Dialect,
  catalog: readonly GroupVersion[],
  pace: Pace,
): Promise<Contents> {
  const paths: Path[] = [];
  for (const resource of catalog.flatMap(({ resources }) => resources)) {
    paths.push(...pathsOf(resource));
    await pace.rest();
  }
  const kinds = new Map(SHARED);
  const lists = new Map<string, () => JsonObject>();
  const wanted = new Set<string>();
  for (const { kind, action, answer, body } of paths.flatMap(({ operations }) => operations)) {
    const definition = definitionOf(kind);
    kinds.set(definition, kind);
    wanted.add(definition);
    if (action === 'list') {
      const listKind = { ...kind, kind: `${kind.kind}List` };
      lists.set(`${definition}List`, () => listSchema(dialect, definition, listKind));
      wanted.add('meta.v1.ListMeta');
    } else if (answer !== undefined) wanted.add(answer);
    if (body !== undefined) wanted.add(body);
  }
  // A set grows while it is walked.
  for (const definition of wanted) {
    for (const inner of referencesOf(definition)) wanted.add(inner);
    await pace.rest();
  }
  const makers = [...wanted].map((definition): readonly [string, () => JsonObject] => {
    const kind = kinds.get(definition);
    return [
      definition,
      () =>
        SCALAR_SCHEMAS[dialect][definition] ??
        definitionSchema(dialect, definition, kind === undefined ? [] : [kind]),
    ];
  });
  const definitions = [...makers, ...lists]
    .map(([definition, make]) => ({ name: publishedName(definition)!, make }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  return { paths, definitions };
}
