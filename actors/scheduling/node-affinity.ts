// Node selectors: does a node match the terms of a pod's node affinity?

import type { NodeSelector, NodeSelectorTerm } from 'kubernetes-types/core/v1.d.ts';

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** What node selectors look at. */
export interface Selectable {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const INTEGER = /^-?\d+$/;

function compare(value: string | undefined, bound: string | undefined): number | undefined {
  if (value === undefined || bound === undefined) return undefined;
  if (!INTEGER.test(value) || !INTEGER.test(bound)) return undefined;
  return Number(value) - Number(bound);
}

function holds({ operator, values = [] }: Expression, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return (compare(value, values[0]) ?? 0) > 0;
    case 'Lt':
      return (compare(value, values[0]) ?? 0) < 0;
    default:
      // Validation lets no other operator in; one that came all the same selects nothing.
      return false;
  }
}

/** All expressions of a term hold; a term without any selects nothing. */
export function matchesTerm(term: NodeSelectorTerm, node: Selectable): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((expression) => holds(expression, node.labels[expression.key])) &&
    fields.every((field) => field.key === 'metadata.name' && holds(field, node.name))
  );
}

/** Any term matches; no selector at all matches every node. */
export const matchesNodeSelector = (
  selector: NodeSelector | undefined,
  node: Selectable,
): boolean =>
  selector === undefined || selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
