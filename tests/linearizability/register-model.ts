// One register: read, write and compare-and-swap.

import { unreachable } from '../../runtime/index.ts';
import { hashText } from './model.ts';
import type { Model } from './model.ts';

/** Undefined: the register holds nothing. */
export type RegisterValue = string | number | undefined;

export type RegisterInput =
  | { readonly type: 'read' }
  | { readonly type: 'write'; readonly value: RegisterValue }
  | { readonly type: 'cas'; readonly from: RegisterValue; readonly to: RegisterValue };

export type RegisterOutput =
  | { readonly type: 'value'; readonly value: RegisterValue }
  | { readonly type: 'written' }
  /** Not swapped: the register was seen not to hold what was compared with. */
  | { readonly type: 'compared'; readonly isSwapped: boolean };

export const registerModel: Model<RegisterValue, RegisterInput, RegisterOutput> = {
  initial: undefined,
  step: (state, input, output) => {
    switch (input.type) {
      case 'read':
        return output?.type !== 'value' || output.value === state ? { state } : undefined;
      case 'write':
        return { state: input.value };
      case 'cas': {
        const isSwapped = state === input.from;
        if (output?.type === 'compared' && output.isSwapped !== isSwapped) return undefined;
        return { state: isSwapped ? input.to : state };
      }
      default:
        return unreachable(input);
    }
  },
  isOutOfReach: (state, input, output, others) => {
    if (input.type === 'write' || (output.type === 'compared' && !output.isSwapped)) return false;
    const wanted = input.type === 'cas' ? input.from : readOf(output);
    return state !== wanted && !others.some((other) => leaves(other, wanted));
  },
  isRead: ({ type }, output) =>
    type === 'read' || (output.type === 'compared' && !output.isSwapped),
  equals: (a, b) => a === b,
  hash: (state) => hashText(String(state)),
};

const readOf = (output: RegisterOutput): RegisterValue =>
  output.type === 'value' ? output.value : undefined;

const leaves = (input: RegisterInput, value: RegisterValue): boolean =>
  (input.type === 'write' && input.value === value) || (input.type === 'cas' && input.to === value);
