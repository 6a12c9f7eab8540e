// Label selectors: as text (`app=web,tier in (a,b),!old`) and as objects (matchLabels, matchExpressions).

import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { failed, ok, SkeinError, unreachable } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import { labelValueProblems, qualifiedNameProblems } from './name-rules.ts';

/** One condition on one label. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'in' | 'not-in' | 'exists' | 'not-exists' | 'greater' | 'less';
  /** Sorted; empty for exists and not-exists, one integer for greater and less. */
  readonly values: readonly string[];
}

/** All requirements hold; none: everything matches. Undefined in place of a selector: nothing matches. */
export type Selector = readonly LabelRequirement[];

export type Labels = Readonly<Record<string, string>>;

/** Do these labels satisfy every requirement? */
export const matchesLabels = (selector: Selector | undefined, labels: Labels = {}): boolean =>
  selector !== undefined && selector.every((requirement) => holds(requirement, labels));

function holds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value);
    case 'not-in':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'not-exists':
      return value === undefined;
    case 'greater':
      return isInteger(value) && BigInt(value) > BigInt(values[0]!);
    case 'less':
      return isInteger(value) && BigInt(value) < BigInt(values[0]!);
    default:
      return unreachable(operator);
  }
}

const isInteger = (text: string | undefined): text is string =>
  text !== undefined && /^-?\d{1,19}$/.test(text);

/** An object's selector; an absent one matches nothing, an empty one everything. */
export function selectorOf(selector: LabelSelector | undefined): Selector | undefined {
  if (selector === undefined) return undefined;
  const requirements = [...equalities(selector.matchLabels ?? {})];
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const named = OBJECT_OPERATORS.get(operator);
    if (named === undefined) return undefined;
    requirements.push({ key, operator: named, values: [...(values ?? [])].sort() });
  }
  return requirements.sort(byKey);
}

/** Labels that must all be there, as a Service selects; undefined (matches nothing) without any. */
export function selectorOfLabels(labels: Labels | undefined): Selector | undefined {
  const requirements = equalities(labels ?? {}).sort(byKey);
  return requirements.length === 0 ? undefined : requirements;
}

const OBJECT_OPERATORS: ReadonlyMap<string, LabelRequirement['operator']> = new Map([
  ['In', 'in'],
  ['NotIn', 'not-in'],
  ['Exists', 'exists'],
  ['DoesNotExist', 'not-exists'],
]);

const equalities = (labels: Labels): LabelRequirement[] =>
  Object.entries(labels).map(([key, value]) => ({ key, operator: 'in', values: [value] }));

const byKey = (left: LabelRequirement, right: LabelRequirement): number =>
  left.key < right.key ? -1 : left.key > right.key ? 1 : 0;

/** The text that `parseLabelSelector` reads back to the same selector. */
export const formatSelector = (selector: Selector): string =>
  selector.map(formatRequirement).join(',');

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'in':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
    case 'not-in':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(',')})`;
    case 'exists':
      return key;
    case 'not-exists':
      return `!${key}`;
    case 'greater':
      return `${key}>${values[0]}`;
    case 'less':
      return `${key}<${values[0]}`;
    default:
      return unreachable(operator);
  }
}

/** Reads `-l` and `labelSelector=`. Errors: invalid, with the place. Empty text selects everything. */
export function parseLabelSelector(text: string): Result<Selector> {
  if (text.length > TEXT_LIMIT) return refused(text, `longer than ${TEXT_LIMIT} characters`);
  if (text.trim() === '') return ok([]);
  const requirements: LabelRequirement[] = [];
  for (const part of splitOutsideParentheses(text)) {
    const requirement = parseRequirement(part.trim());
    if (typeof requirement === 'string') return refused(text, requirement);
    const problem = requirementProblem(requirement);
    if (problem !== undefined) return refused(text, problem);
    requirements.push(requirement);
  }
  return ok(requirements.sort(byKey));
}

const TEXT_LIMIT = 16_384;

const SET_BASED = /^([^\s!=<>,()]+)\s+(in|notin)\s*\(([^()]*)\)$/;
const COMPARISON = /^([^\s!=<>,()]+)\s*(==|=|!=|>|<)\s*([^\s!=<>,()]*)$/;
const PRESENCE = /^(!?)\s*([^\s!=<>,()]+)$/;

/** A requirement, or what is wrong with the text. */
function parseRequirement(text: string): LabelRequirement | string {
  const set = SET_BASED.exec(text);
  if (set !== null) {
    const values = [...new Set(set[3]!.split(',').map((value) => value.trim()))].sort();
    return { key: set[1]!, operator: set[2] === 'in' ? 'in' : 'not-in', values };
  }
  const comparison = COMPARISON.exec(text);
  if (comparison !== null) {
    const operator = COMPARISONS[comparison[2] as keyof typeof COMPARISONS];
    return { key: comparison[1]!, operator, values: [comparison[3]!] };
  }
  const presence = PRESENCE.exec(text);
  if (presence === null) {
    return `found '${text}', expected a key, 'key=value', 'key in (a,b)', 'key notin (a,b)' or '!key'`;
  }
  return {
    key: presence[2]!,
    operator: presence[1] === '!' ? 'not-exists' : 'exists',
    values: [],
  };
}

const COMPARISONS = {
  '=': 'in',
  '==': 'in',
  '!=': 'not-in',
  '>': 'greater',
  '<': 'less',
} as const;

/** What is wrong with the key or a value of a requirement. */
function requirementProblem({ key, operator, values }: LabelRequirement): string | undefined {
  const [keyProblem] = qualifiedNameProblems(key);
  if (keyProblem !== undefined) return `key: Invalid value: ${JSON.stringify(key)}: ${keyProblem}`;
  for (const value of values) {
    const [problem] =
      (operator === 'greater' || operator === 'less') && !isInteger(value)
        ? ["for 'Gt', 'Lt' operators, the value must be an integer"]
        : labelValueProblems(value);
    if (problem !== undefined) {
      return `values[${values.indexOf(value)}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`;
    }
  }
  return undefined;
}

function splitOutsideParentheses(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}

const refused = (text: string, problem: string): Result<never> =>
  failed(
    new SkeinError('invalid', `unable to parse requirement: ${problem}`, {
      selector: text.slice(0, 256),
    }),
  );
