// Numbers as text that can stand in a name and never spells a word.

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A whole number of at least 0, the shortest text first. */
export function encodeSafely(number: number): string {
  let rest = number;
  let text = '';
  do {
    text = ALPHABET[rest % ALPHABET.length]! + text;
    rest = Math.floor(rest / ALPHABET.length);
  } while (rest > 0);
  return text;
}
