// Events as clients read them: one JSON object a line.

import type { ApiEvent } from '../request/api-request.ts';

/** Every watcher of an object sends the same text: printed once, kept as long as the object. */
const printed = new WeakMap<object, string>();

/** The JSON text of an object that nobody changes any more. */
export function printFrozen(object: object): string {
  let words = printed.get(object);
  if (words === undefined) {
    words = JSON.stringify(object);
    if (Object.isFrozen(object)) printed.set(object, words);
  }
  return words;
}

/** One line of a watch, with its end. */
export const printEvent = ({ type, object }: ApiEvent): string =>
  `{"type":"${type}","object":${printFrozen(object as object)}}\n`;
