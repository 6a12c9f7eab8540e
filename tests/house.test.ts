// The house as a test: arrows between folders, and who may touch the outside world.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { adapters } from './house-adapters.ts';

const lineMax = 400;
const readmeLineMax = 60;
const root = process.cwd();
/** Each folder may import only those before it. */
const order = ['runtime', 'mesh', 'consensus', 'actors', 'cli'] as const;
type Folder = (typeof order)[number];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const sources = order.flatMap((folder) => filesUnder(folder));
const texts = new Map(sources.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .sort();
}

function importsOf(file: string): Import[] {
  const pattern = /^(import|export)\s+(type\s+)?(?:[^'";]*?from\s+)?'([^']+)'/gm;
  return [...texts.get(file)!.matchAll(pattern)].map((match) => ({
    from: file,
    to: match[3]!.startsWith('.') ? normalize(join(dirname(file), match[3]!)) : match[3]!,
    typeOnly: match[2] !== undefined,
  }));
}

const folderOf = (path: string): Folder | undefined =>
  order.find((folder) => path.startsWith(`${folder}/`));
const roomOf = (path: string): string | undefined => /^actors\/([^/]+)\//.exec(path)?.[1];
const isIndex = (path: string): boolean => /^[a-z]+\/index\.ts$/.test(path);

/** Without comments and the contents of strings, so that only code is judged. */
function codeOf(file: string): string {
  return texts
    .get(file)!
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
}

/** What reaches outside, or differs from run to run. */
const impure: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/, 'reads a clock: take a Clock'],
  [/\bMath\.random\(|\brandomUUID\(/, 'rolls dice: take a Random'],
  [/\bset(Timeout|Interval|Immediate)\(/, 'sets a timer: take a Clock'],
  [/\bprocess\.(?!exitCode)/, 'reads the process: take what it needs as a value'],
  [/\bconsole\./, 'prints: take a Logger'],
];

/** Node's modules that only compute. */
const pureModules = new Set([
  'node:path',
  'node:stream',
  'node:stream/promises',
  'node:events',
  'node:util',
  'node:buffer',
]);
/** Libraries that open sockets; one port hides each. */
const worldly = /^(libp2p|@libp2p\/|@chainsafe\/|ws$|@peculiar\/x509)/;

/** Every way in which a file touches the outside world, as sentences. */
function touches(file: string): string[] {
  const found: string[] = [];
  for (const { to, typeOnly } of importsOf(file)) {
    if (typeOnly) continue;
    const isWorldly = to.startsWith('node:') ? !pureModules.has(to) : worldly.test(to);
    if (isWorldly) found.push(`${file} imports ${to}`);
  }
  const code = codeOf(file);
  for (const [pattern, reason] of impure) {
    if (pattern.test(code)) found.push(`${file} ${reason}`);
  }
  return found;
}

const covers = (adapter: string, file: string): boolean =>
  adapter.endsWith('/') ? file.startsWith(adapter) : file === adapter;

/** What must not be left behind in any file, tests included. */
const leftovers: readonly (readonly [RegExp, string])[] = [
  [/\b(TODO|FIXME|XXX)\b/, 'puts something off'],
  [/\b(describe|it)\.only\(/, 'runs alone'],
  [/['"`](\/home|\/root|\/Users|\/work)\/\w/, 'names a path of one machine'],
];

describe('the house', () => {
  it('lets each folder import only those above it, through their index', () => {
    const wrong = sources.flatMap(importsOf).filter(({ from, to }) => {
      const [home, target] = [folderOf(from), folderOf(to)];
      if (home === undefined || target === undefined || home === target) return false;
      if (home === 'cli' && from.startsWith('cli/recover') && target === 'consensus') return false;
      return order.indexOf(target) > order.indexOf(home) || !isIndex(to);
    });
    assert.deepEqual(wrong.map(arrow), []);
  });

  it('keeps the rooms of actors/ apart but for objects/ and duties/', () => {
    const wrong = sources.flatMap(importsOf).filter(({ from, to }) => {
      const [room, target] = [roomOf(from), roomOf(to)];
      if (room === undefined || target === undefined || room === target) return false;
      if (room === 'objects') return true;
      return target !== 'objects' && target !== 'duties';
    });
    assert.deepEqual(wrong.map(arrow), []);
  });

  it('lets only named adapters touch the outside world', () => {
    const judged = sources.filter(
      (file) => folderOf(file) !== 'cli' && !adapters.some((adapter) => covers(adapter, file)),
    );
    assert.deepEqual(judged.flatMap(touches), []);
  });

  it('names no adapter that is not there or touches nothing', () => {
    const idle = adapters.filter(
      (adapter) => !sources.some((file) => covers(adapter, file) && touches(file).length > 0),
    );
    assert.deepEqual(idle, []);
  });

  it('keeps files short and says in the first line what each is', () => {
    const wrong: string[] = [];
    for (const [file, text] of texts) {
      const lines = text.split('\n').length - 1;
      if (lines > lineMax && !file.endsWith('.generated.ts'))
        wrong.push(`${file} has ${lines} lines`);
      if (!/^(#!.*\n)?\/\//.test(text)) wrong.push(`${file} does not say what it is`);
    }
    assert.deepEqual(wrong, []);
  });

  it('names files as kebab-case nouns, none of them a drawer', () => {
    const drawers = /(^|[-/])(utils?|helpers?|common|manager|misc|types)\.ts$/;
    const allowed = new Set(['consensus/raft/types.ts']);
    const wrong = sources.filter(
      (file) =>
        (drawers.test(file) && !allowed.has(file)) || !/^[a-z0-9/.-]+$/.test(relative('.', file)),
    );
    assert.deepEqual(wrong, []);
  });

  it('leaves nothing behind that was meant for an hour', () => {
    const wrong: string[] = [];
    for (const file of [...sources, ...filesUnder('tests')]) {
      if (file === join('tests', 'house.test.ts')) continue;
      const text = readFileSync(join(root, file), 'utf8');
      for (const [pattern, reason] of leftovers) {
        if (pattern.test(text)) wrong.push(`${file} ${reason}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it(`has a README of at most ${readmeLineMax} lines in each folder`, () => {
    for (const folder of [...order, 'tests']) {
      const lines = readFileSync(join(root, folder, 'README.md'), 'utf8').split('\n').length - 1;
      assert.ok(lines <= readmeLineMax, `${folder}/README.md has ${lines} lines`);
    }
  });
});

const arrow = ({ from, to }: Import): string => `${from} -> ${to}`;
