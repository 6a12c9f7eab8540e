// Reads manifests: files, directories and standard input, several documents each, lists opened.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { refused, wrongUsage } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import { readInput } from '../terminal.ts';

/** One object as its author wrote it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** '' when the manifest names none. */
  readonly namespace: string;
  readonly object: Readonly<Record<string, unknown>>;
  /** Where it stands, for messages: `web.yaml, document 2`. */
  readonly source: string;
}

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_OBJECTS = 10_000;
/** Aliases of a YAML document are opened this often; beyond, it is a bomb. */
const MAX_ALIASES = 1_000;
const EXTENSIONS = /\.(ya?ml|json)$/;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function textField(value: unknown, field: string, source: string): string {
  if (typeof value === 'string' && value !== '') return value;
  const found =
    value === undefined || value === null ? 'is missing' : `is ${JSON.stringify(value)}`;
  throw refused(`${source}: ${field} ${found}; it must be a text that is not empty.`);
}

/** One object, or the objects of a List. Refuses what has no kind, version or name. */
export function manifestsOf(value: unknown, source: string): readonly Manifest[] {
  if (!isRecord(value)) {
    const found = Array.isArray(value) ? 'a list' : JSON.stringify(value);
    throw refused(
      `${source}: a manifest must be an object with apiVersion and kind, not ${found}.`,
    );
  }
  const kind = textField(value['kind'], 'kind', source);
  const apiVersion = textField(value['apiVersion'], 'apiVersion', source);
  if (kind.endsWith('List') && Array.isArray(value['items'])) {
    const items = value['items'] as readonly unknown[];
    return items.flatMap((item, index) => manifestsOf(item, `${source}, item ${index + 1}`));
  }
  const metadata = value['metadata'];
  if (!isRecord(metadata))
    throw refused(`${source}: ${kind} has no metadata; give it metadata.name.`);
  const name = textField(metadata['name'], 'metadata.name', source);
  const namespace =
    metadata['namespace'] === undefined
      ? ''
      : textField(metadata['namespace'], 'metadata.namespace', source);
  return [{ apiVersion, kind, name, namespace, object: value, source }];
}

/** Documents of YAML or JSON; empty ones are left out. Refuses text that is not YAML, with its line. */
export function parseManifests(text: string, source: string): readonly Manifest[] {
  const documents = parseAllDocuments(text, { prettyErrors: true });
  const found: Manifest[] = [];
  for (const [index, document] of [...documents].entries()) {
    const [error] = document.errors;
    if (error !== undefined) {
      const words = error.message.split('\n')[0]!.replace(/:$/, '');
      throw refused(`${source} is not valid YAML: ${words}.`);
    }
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (value === null || value === undefined) continue;
    const here = documents.length > 1 ? `${source}, document ${index + 1}` : source;
    found.push(...manifestsOf(value, here));
  }
  return found;
}

/** The files under a path: itself, or what ends in .yaml, .yml or .json in a directory. */
function filesOf(path: string, recursive: boolean): readonly string[] {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file or directory' : (error as Error).message;
    throw refused(`Cannot read ${path}: ${why}.`);
  }
  if (!isDirectory) return [path];
  const names = readdirSync(path, { recursive, encoding: 'utf8' });
  return names
    .filter((name) => EXTENSIONS.test(name))
    .sort()
    .map((name) => join(path, name));
}

function readFile(path: string): string {
  const bytes = statSync(path).size;
  if (bytes > MAX_BYTES) throw refused(`${path} has ${bytes} bytes; ${MAX_BYTES} are allowed.`);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw refused(`Cannot read ${path}: ${(error as Error).message}.`);
  }
}

/** All manifests that -f names, in order. Everything is read before anything is done. */
export async function readManifests(
  names: readonly string[],
  recursive: boolean,
  terminal: Terminal,
  command: string,
): Promise<readonly Manifest[]> {
  if (names.length === 0) throw wrongUsage('Say what to read with -f FILE.', command);
  const found: Manifest[] = [];
  for (const name of names) {
    if (name === '-') {
      found.push(...parseManifests(await readInput(terminal, MAX_BYTES), 'standard input'));
      continue;
    }
    for (const path of filesOf(resolve(terminal.directory, name), recursive)) {
      found.push(...parseManifests(readFile(path), path));
    }
  }
  if (found.length === 0) throw refused(`There are no objects in ${names.join(', ')}.`);
  if (found.length > MAX_OBJECTS) {
    throw refused(`${found.length} objects are more than ${MAX_OBJECTS}: apply them in parts.`);
  }
  return found;
}
