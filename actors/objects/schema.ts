// The derived schema, ready to ask: which fields a definition has, and how lists of them merge.

import { DEFINITIONS } from './schema.generated.ts';

export interface SchemaField {
  /** A scalar, or the name of a definition; of the items when it is a list or map. */
  readonly type: string;
  readonly shape: 'one' | 'list' | 'map';
  readonly required: boolean;
  readonly listType: 'atomic' | 'set' | 'map';
  /** What tells the items of a list of type map apart. */
  readonly listKeys: readonly string[];
  /** Of strategic merge patches. */
  readonly patchStrategies: readonly ('merge' | 'replace' | 'retainKeys')[];
  /** What tells items apart in a strategic merge; absent for lists of scalars. */
  readonly mergeKey?: string;
  /** An object that server-side apply replaces whole. */
  readonly atomic: boolean;
}

export type SchemaFields = ReadonlyMap<string, SchemaField>;

const parsed = new Map<string, SchemaFields>();

/** The fields of a definition such as `core.v1.PodSpec`; undefined for scalars and unknown names. */
export function schemaFields(definition: string): SchemaFields | undefined {
  const known = parsed.get(definition);
  if (known !== undefined) return known;
  const texts = Object.hasOwn(DEFINITIONS, definition) ? DEFINITIONS[definition] : undefined;
  if (texts === undefined) return undefined;
  const fields = new Map(
    Object.entries(texts).map(([name, text]) => [name, parseField(text)] as const),
  );
  parsed.set(definition, fields);
  return fields;
}

/** All definitions, for documents that publish them. */
export const schemaDefinitions = (): readonly string[] => Object.keys(DEFINITIONS);

/** Reads the notation that scripts/derive-schema.mjs explains. */
function parseField(text: string): SchemaField {
  const [head, ...words] = text.split(' ');
  const [, type, shape, mark] = /^(.+?)(\[\]|\{\})?(!)?$/.exec(head!)!;
  const said = new Map(words.map((word) => word.split('=') as [string, string]));
  const list = said.get('list') ?? 'atomic';
  const mergeKey = said.get('key');
  return {
    type: type!,
    shape: shape === '[]' ? 'list' : shape === '{}' ? 'map' : 'one',
    required: mark === '!',
    listType: list.startsWith('map:') ? 'map' : (list as 'atomic' | 'set'),
    listKeys: list.startsWith('map:') ? list.slice('map:'.length).split(',') : [],
    patchStrategies: (said.get('patch')?.split(',') ?? []) as SchemaField['patchStrategies'],
    ...(mergeKey === undefined ? {} : { mergeKey }),
    atomic: said.get('map') === 'atomic',
  };
}
