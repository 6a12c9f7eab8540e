// Reads files of stanzas: a command line, optional input, `----`, the expected output up to a blank
// line.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Stanza {
  readonly file: string;
  readonly line: number;
  readonly command: string;
  readonly args: ReadonlyMap<string, readonly string[]>;
  readonly input: string;
  readonly expected: string;
}

/** The folder with cases that nobody here wrote. */
export function casesFolder(): string {
  return process.env['SKEIN_CASES'] ?? '../shared/conformance';
}

/** All stanzas of the `.txt` files in `folder`, by file; undefined when the folder is not there. */
export function readStanzas(folder: string): Map<string, Stanza[]> | undefined {
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort();
  return new Map(
    files.map((name) => [name, parseStanzas(name, readFileSync(join(folder, name), 'utf8'))]),
  );
}

/** Parses one file. Outside of stanzas, blank lines and lines that start with `#` are skipped. */
export function parseStanzas(file: string, text: string): Stanza[] {
  const lines = text.split('\n');
  const stanzas: Stanza[] = [];
  let at = 0;
  while (at < lines.length) {
    if (lines[at]!.trim() === '' || lines[at]!.startsWith('#')) {
      at++;
      continue;
    }
    const line = at + 1;
    let head = lines[at++]!;
    while (head.endsWith('\\')) head = head.slice(0, -1) + lines[at++]!;
    const separator = lines.indexOf('----', at);
    if (separator < 0) throw new Error(`${file}:${line}: a stanza without ----`);
    const input = lines.slice(at, separator).join('\n');
    const { expected, next } = readExpected(lines, separator + 1);
    at = next;
    const command = /^\s*(\S+)/.exec(head)![1]!;
    stanzas.push({ file, line, command, args: parseArgs(head), input, expected });
  }
  return stanzas;
}

/** Output that has blank lines itself stands between two doubled separators. */
function readExpected(lines: readonly string[], at: number): { expected: string; next: number } {
  if (lines[at] === '----') {
    let end = at + 1;
    while (!(lines[end] === '----' && lines[end + 1] === '----')) end++;
    return { expected: block(lines.slice(at + 1, end)), next: end + 2 };
  }
  let end = at;
  while (end < lines.length && lines[end] !== '') end++;
  return { expected: block(lines.slice(at, end)), next: end };
}

function block(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** `key=value` and `key=(v1, v2)`; parentheses may be empty. */
function parseArgs(head: string): Map<string, string[]> {
  const args = new Map<string, string[]>();
  for (const [, key, list, value] of head.matchAll(/(\S+?)=(?:\(([^)]*)\)|(\S+))/g)) {
    const values = list === undefined ? [value!] : list.split(',').map((item) => item.trim());
    args.set(key!, values.length === 1 && values[0] === '' ? [] : values);
  }
  return args;
}
