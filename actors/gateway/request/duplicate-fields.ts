// Finds fields that a JSON text gives twice in one object, of which a parser silently keeps the last.

/** Paths told at most. */
const MAX_TOLD = 100;

interface Level {
  readonly isArray: boolean;
  readonly keys: Set<string>;
  /** Of the key or item that is being read. */
  at: string;
  index: number;
  /** Whether the next string of an object is a key. */
  awaitsKey: boolean;
}

const join = (path: string, level: Level): string => {
  if (level.isArray) return `${path}[${level.index}]`;
  return path === '' ? level.at : `${path}.${level.at}`;
};

/** Where the string that begins at `start` ends, past its closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Paths such as `spec.replicas`, in the order they come; the text must be valid JSON. */
export function duplicateFields(text: string): readonly string[] {
  const levels: Level[] = [];
  const found = new Set<string>();
  const pathTo = (depth: number): string => levels.slice(0, depth).reduce(join, '');
  for (let at = 0; at < text.length && found.size < MAX_TOLD;) {
    const character = text[at]!;
    const level = levels.at(-1);
    if (character === '{' || character === '[') {
      levels.push({
        isArray: character === '[',
        keys: new Set(),
        at: '',
        index: 0,
        awaitsKey: true,
      });
    } else if (character === '}' || character === ']') levels.pop();
    else if (character === ',' && level !== undefined) {
      level.index++;
      level.awaitsKey = true;
    } else if (character === '"') {
      const end = endOfString(text, at);
      if (level?.isArray === false && level.awaitsKey) {
        level.awaitsKey = false;
        level.at = JSON.parse(text.slice(at, end)) as string;
        if (level.keys.has(level.at)) found.add(pathTo(levels.length));
        level.keys.add(level.at);
      }
      at = end;
      continue;
    }
    at++;
  }
  return [...found];
}
