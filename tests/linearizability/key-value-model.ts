// A store of texts: get, put and append, each key on its own.

import { unreachable } from '../../runtime/index.ts';
import { hashText } from './model.ts';
import type { Model } from './model.ts';

export type KeyValueInput =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'put' | 'append'; readonly key: string; readonly value: string };

/** What a get saw; an absent key reads as the empty text. */
export interface KeyValueOutput {
  readonly value?: string;
}

/** The state is that of one key. */
export const keyValueModel: Model<string, KeyValueInput, KeyValueOutput> = {
  initial: '',
  step: (state, input, output) => {
    switch (input.type) {
      case 'get':
        return output?.value === undefined || output.value === state ? { state } : undefined;
      case 'put':
        return { state: input.value };
      case 'append':
        return { state: state + input.value };
      default:
        return unreachable(input);
    }
  },
  // Without a put a text only grows at its end.
  isOutOfReach: (state, _, { value }, others) =>
    value !== undefined && !value.startsWith(state) && others.every(({ type }) => type !== 'put'),
  isRead: ({ type }) => type === 'get',
  equals: (a, b) => a === b,
  hash: hashText,
  keyOf: ({ key }) => key,
};
