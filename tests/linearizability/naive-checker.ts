// The definition itself, for histories of a handful of operations: tries every order.

import type { Operation } from './history.ts';
import type { Model } from './model.ts';

export function isLinearizableByDefinition<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
  state: S = model.initial,
): boolean {
  if (history.every(({ returned }) => returned === undefined)) return true;
  const firstReturn = Math.min(...history.map(({ returned }) => returned?.at ?? Infinity));
  return history.some((operation) => {
    if (operation.invokedAt > firstReturn) return false;
    const next = model.step(state, operation.input, operation.returned?.output);
    if (next === undefined) return false;
    const rest = history.filter((other) => other !== operation);
    return isLinearizableByDefinition(model, rest, next.state);
  });
}
