// The real gateway over the store in memory, on a TLS socket of loopback, and a person's terminal before it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { startHttpsServer } from '../../actors/gateway/http/https-server.ts';
import type { ExtraResources } from '../../actors/gateway/extra-resources.ts';
import type { PodStreams } from '../../actors/objects/pod-streams.ts';
import { kubeconfigText } from '../../cli/kubeconfig-text.ts';
import { runProgram } from '../../cli/program.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { createSystemClock } from '../../runtime/index.ts';
import { createAuthority } from '../actors/gateway/certificates.ts';
import type { Fixture } from '../actors/gateway/gateway-fixture.ts';
import { createFixture } from '../actors/gateway/gateway-fixture.ts';
import type { MemoryStore } from '../actors/objects/memory-store.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface ApiServer {
  readonly fixture: Fixture;
  readonly directory: string;
  readonly server: string;
  /** `skein LINE` in the directory, which holds a kubeconfig. */
  readonly skein: (line: readonly string[], input?: string) => Promise<Ran>;
  readonly close: () => Promise<void>;
}

export interface Person {
  readonly directory?: string;
  readonly home?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** A person sits in front of it. */
  readonly isInteractive?: boolean;
  readonly interrupted?: AbortSignal;
}

/** Runs one command line as that person and collects what it prints. */
export async function runAs(person: Person, line: readonly string[]): Promise<Ran> {
  const out = new PassThrough();
  const err = new PassThrough();
  const texts: [string, string] = ['', ''];
  out.on('data', (chunk: Buffer) => (texts[0] += chunk.toString()));
  err.on('data', (chunk: Buffer) => (texts[1] += chunk.toString()));
  const input = new PassThrough();
  input.end(person.input ?? '');
  const terminal: Terminal = {
    out: (text) => void out.write(text),
    err: (text) => void err.write(text),
    input,
    outStream: out,
    errStream: err,
    environment: person.environment ?? {},
    directory: person.directory ?? '/nowhere',
    home: person.home ?? '/nowhere',
    isRoot: false,
    isInteractive: person.isInteractive ?? false,
    interrupted: person.interrupted ?? new AbortController().signal,
  };
  const code = await runProgram(line, terminal);
  return { code, out: texts[0], err: texts[1] };
}

const GRACE_MS = 500;

/** One peer's API without the peer. */
export async function startApiServer(
  given: {
    readonly extras?: ExtraResources;
    readonly streams?: Partial<PodStreams>;
    readonly store?: MemoryStore;
    readonly noQuorum?: boolean;
  } = {},
): Promise<ApiServer> {
  const fixture = await createFixture(given);
  const authority = await createAuthority();
  const serving = await authority.issue('CN=peer-1', 'server', ['127.0.0.1']);
  const admin = await authority.issue('CN=admin,O=system:masters', 'client');
  const api = await startHttpsServer({
    host: '127.0.0.1',
    port: 0,
    tls: { ...serving, clientAuthority: authority.certificate },
    gateway: fixture.gateway,
    clock: createSystemClock(),
    log: fixture.log,
  });
  const server = `https://127.0.0.1:${api.port}`;
  const directory = mkdtempSync(join(tmpdir(), 'skein-cli-'));
  const own = {
    name: 'peer-1',
    server,
    authority: authority.certificate,
    certificate: admin.certificate,
    key: admin.key,
    skipVerification: false,
    namespace: 'default',
  };
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText(own, [own]));
  const environment = { SKEIN_KUBECONFIG: kubeconfig };
  return {
    fixture,
    directory,
    server,
    skein: (line, input = '') => runAs({ directory, environment, input }, line),
    close: async () => {
      await api.close(GRACE_MS);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
