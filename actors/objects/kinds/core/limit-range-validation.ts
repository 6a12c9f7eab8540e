// What is wrong with a LimitRange.

import type { LimitRange, LimitRangeItem } from 'kubernetes-types/core/v1.d.ts';
import { duplicate, forbidden, invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalidBecause } from '../../field-rules.ts';
import { qualifiedNameProblems } from '../../name-rules.ts';
import { parseQuantity } from '../../quantity.ts';
import { containerResourceProblems, resourceProblems } from './resource-names.ts';

type Errors = readonly FieldError[];

const TYPES = ['Container', 'PersistentVolumeClaim', 'Pod'];
const AMOUNTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

export function validateLimitRange({ spec }: Readonly<LimitRange>): Errors {
  const seen = new Set<string>();
  return (spec?.limits ?? []).flatMap((item, i) => {
    const path = `spec.limits[${i}]`;
    const repeated = seen.has(item.type) ? [duplicate(`${path}.type`, item.type)] : [];
    seen.add(item.type);
    return [...validateType(path, item.type), ...repeated, ...validateItem(path, item)];
  });
}

function validateType(path: string, type: string): Errors {
  const problems = invalidBecause(`${path}.type`, type, qualifiedNameProblems(type));
  if (problems.length > 0 || type.includes('/') || TYPES.includes(type)) return problems;
  return [invalid(`${path}.type`, type, 'must be a standard limit type or fully qualified')];
}

function validateItem(path: string, item: LimitRangeItem): Errors {
  const isPod = item.type === 'Pod';
  const problemsOf =
    isPod || item.type === 'Container' ? containerResourceProblems : resourceProblems;
  const errors: FieldError[] = [];
  for (const field of AMOUNTS) {
    const names = Object.keys(item[field] ?? {});
    if (isPod && field.startsWith('default')) {
      if (names.length === 0) continue;
      errors.push(forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));
    } else {
      errors.push(
        ...names.flatMap((name) =>
          invalidBecause(`${path}.${field}[${name}]`, name, problemsOf(name)),
        ),
      );
    }
  }
  if (item.type === 'PersistentVolumeClaim' && !hasStorage(item)) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(required(`${path}.limits`, detail));
  }
  const named = new Set(AMOUNTS.flatMap((field) => Object.keys(item[field] ?? {})));
  return [...errors, ...[...named].flatMap((name) => validateOrder(path, item, name))];
}

const hasStorage = ({ min, max }: LimitRangeItem): boolean =>
  Object.hasOwn(min ?? {}, 'storage') || Object.hasOwn(max ?? {}, 'storage');

const nanosOf = (amount: string): bigint => parseQuantity(amount)?.nanos ?? 0n;

type Field = (typeof AMOUNTS)[number];

/** Pairs of which the first may not be greater than the second: where it is told, whose value is shown, in which words. */
const ORDER: readonly (readonly [low: Field, high: Field, told: Field, shown: Field])[] = [
  ['min', 'max', 'min', 'min'],
  ['min', 'defaultRequest', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'max', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'default', 'defaultRequest', 'defaultRequest'],
  ['min', 'default', 'default', 'min'],
  ['default', 'max', 'default', 'max'],
];

function wordsFor(low: Field, high: Field): readonly [string, string] {
  const limit = low === 'defaultRequest' ? 'default limit' : 'default';
  const names = { min: 'min', max: 'max', defaultRequest: 'default request', default: limit };
  return [names[low as keyof typeof names], names[high as keyof typeof names]];
}

function validateOrder(path: string, item: LimitRangeItem, name: string): Errors {
  const errors: FieldError[] = [];
  for (const [low, high, told, shown] of ORDER) {
    const [left, right] = [item[low]?.[name], item[high]?.[name]];
    if (left === undefined || right === undefined || nanosOf(left) <= nanosOf(right)) continue;
    const [lowWord, highWord] = wordsFor(low, high);
    const detail = `${lowWord} value ${left} is greater than ${highWord} value ${right}`;
    errors.push(invalid(`${path}.${told}[${name}]`, item[shown]![name], detail));
  }
  return [...errors, ...validateRatio(path, item, name)];
}

function validateRatio(path: string, item: LimitRangeItem, name: string): Errors {
  const ratio = item.maxLimitRequestRatio?.[name];
  if (ratio === undefined) return [];
  const at = `${path}.maxLimitRequestRatio[${name}]`;
  if (nanosOf(ratio) < nanosOf('1')) return [invalid(at, ratio, `ratio ${ratio} is less than 1`)];
  const [min, max] = [item.min?.[name], item.max?.[name]].map((amount) => nanosOf(amount ?? '0'));
  if (min === 0n || max === 0n) return [];
  const widest = Number(max) / Number(min);
  if (Number(nanosOf(ratio)) / Number(nanosOf('1')) <= widest) return [];
  const detail = `ratio ${ratio} is greater than max/min = ${widest.toFixed(6)}`;
  return [invalid(at, ratio, detail)];
}
