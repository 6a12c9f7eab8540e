// Field selectors: `status.phase!=Failed,spec.nodeName=n1`, on the fields that the kind table names.

import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import type { KindDefinition } from './kind-definition.ts';
import type { KindName, ObjectTypes } from './kinds.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

/** All requirements hold; none: everything matches. */
export type FieldSelector = readonly FieldRequirement[];

/** What a kind offers to field selectors. */
type Offer<K extends KindName> = Pick<KindDefinition<K>, 'names' | 'selectableFields'>;

/** Reads `fieldSelector=`. Errors: invalid, for bad text and for fields that the kind does not offer. */
export function parseFieldSelector<K extends KindName>(
  offer: Offer<K>,
  text: string,
): Result<FieldSelector> {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    const match = /^((?:[^\\=!]|\\.)*)(==|=|!=)(.*)$/s.exec(term);
    if (match === null) {
      return refused(`invalid selector: '${text}'; can't understand '${term}'`);
    }
    const field = match[1]!.trim();
    const value = unescaped(match[3]!);
    if (value === undefined) {
      return refused(`invalid field selector value '${match[3]}': escape , = and \\ with \\`);
    }
    if (fieldOf(offer, field) === undefined) {
      const known = selectableFieldsOf(offer).map((one) => JSON.stringify(one));
      return refused(
        `${JSON.stringify(field)} is not a known field selector: only ${known.join(', ')}`,
      );
    }
    requirements.push({ field, equal: match[2] !== '!=', value });
  }
  return ok(requirements);
}

/** Does the object satisfy every requirement? */
export const matchesFields = <K extends KindName>(
  offer: Offer<K>,
  selector: FieldSelector,
  object: Readonly<ObjectTypes[K]>,
): boolean =>
  selector.every(
    ({ field, equal, value }) => ((fieldOf(offer, field)?.(object) ?? '') === value) === equal,
  );

/** The fields that selectors of this kind may ask. */
const selectableFieldsOf = <K extends KindName>(offer: Offer<K>): readonly string[] => [
  'metadata.name',
  ...(offer.names.namespaced ? ['metadata.namespace'] : []),
  ...Object.keys(offer.selectableFields),
];

function fieldOf<K extends KindName>(
  { names, selectableFields }: Offer<K>,
  field: string,
): ((object: Readonly<ObjectTypes[K]>) => string) | undefined {
  if (field === 'metadata.name') return (object) => object.metadata?.name ?? '';
  if (field === 'metadata.namespace' && names.namespaced) {
    return (object) => object.metadata?.namespace ?? '';
  }
  return Object.hasOwn(selectableFields, field) ? selectableFields[field] : undefined;
}

/** Cuts at commas that are not escaped; empty terms are left out. */
function splitTerms(text: string): readonly string[] {
  const terms = text.match(/(?:[^\\,]|\\.)+/gs) ?? [];
  return terms.filter((term) => term.trim() !== '');
}

/** Undefined for an escape of something else than a comma, an equals sign or a backslash. */
function unescaped(text: string): string | undefined {
  if (!/^(?:[^\\,=]|\\[\\,=])*$/s.test(text)) return undefined;
  return text.replaceAll(/\\(.)/gs, '$1');
}

const refused = (message: string): Result<never> => failed(new SkeinError('invalid', message));
