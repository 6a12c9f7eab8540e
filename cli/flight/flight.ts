// The first flight: three peers, the example, proof that it answers; then it stays until Ctrl-C.
//
//   peers --> apply --> ready --> answers --> summary --> staying --Ctrl-C--> ended
//     └-------- any failure or Ctrl-C on the way: end all that was started --------┘

import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { relative } from 'node:path';
import { createInterface } from 'node:readline';
import { applyManifest, placeManifests } from '../apply/apply-manifest.ts';
import { parseManifests } from '../apply/manifests.ts';
import type { Client } from '../client.ts';
import { createClient } from '../client.ts';
import { asFailure, EXIT } from '../failure.ts';
import { discoverResources, fullName } from '../resources.ts';
import type { Terminal } from '../terminal.ts';
import { waitUntil } from '../watch.ts';
import type { ChildPeer } from './child-peer.ts';
import { exitText } from './child-peer.ts';
import type { Flock } from './flock.ts';
import { clientOf, createFlock, PEER_NAMES } from './flock.ts';
import type { PinnedPorts } from './ports.ts';
import { answersOf, frontOf } from './service-check.ts';
import { flightSummary } from './summary.ts';

const REPLICAS = 3;
const READY_MS = 60_000;
const ANSWER_MS = 20_000;

export interface FlightOptions {
  readonly directory: string;
  readonly program: string;
  /** The manifest that is applied: a Deployment and a Service called hello. */
  readonly example: string;
  readonly pinned: PinnedPorts;
  readonly terminal: Terminal;
}

async function applyExample(client: Client, path: string, tell: (words: string) => void) {
  const resources = await discoverResources(client);
  const manifests = parseManifests(readFileSync(path, 'utf8'), path);
  for (const placed of placeManifests(manifests, resources, 'default', false)) {
    const outcome = await applyManifest(client, placed, { isDryRun: false });
    tell(`${fullName(placed.resource, placed.manifest.name)} ${outcome}`);
  }
  return resources.named('deployments');
}

/** Applies the example and returns where it answers at each peer. */
async function bringUp(
  flock: Flock,
  options: FlightOptions,
  tell: (words: string) => void,
): Promise<readonly (readonly [string, string])[]> {
  const { interrupted } = options.terminal;
  const accesses = flock.accesses();
  const client = createClient({ peers: accesses, mayMoveOn: true, note: tell });
  const clients = accesses.map(clientOf);
  try {
    const resource = await applyExample(client, options.example, tell);
    const place = { resource, namespace: 'default', name: 'hello' };
    let told = -1;
    await waitUntil(
      client,
      { ...place, timeoutMs: READY_MS, interrupted },
      (deployment) => {
        const ready = Number(deployment?.status?.['readyReplicas'] ?? 0);
        const wanted = Number(deployment?.spec?.['replicas'] ?? REPLICAS);
        if (ready !== told) tell(`${ready} of ${wanted} replicas are ready`);
        told = ready;
        return ready >= wanted;
      },
      'the replicas of deployment.apps/hello to be ready',
    );
    const check = { timeoutMs: ANSWER_MS, interrupted };
    const fronts = await Promise.all(clients.map((one) => frontOf(one, 'hello', 1, check)));
    const answers = await answersOf(fronts[0]!.address, REPLICAS, check);
    tell(`the service answers from ${answers.length} different pods`);
    return fronts.map(({ address }, index) => [accesses[index]!.name, address]);
  } finally {
    for (const one of [client, ...clients]) one.close();
  }
}

/** Enter starts dead peers again; resolves at Ctrl-C, or when no peer is left. */
async function stay(
  flock: Flock,
  { terminal }: FlightOptions,
  tell: (words: string) => void,
  allDead: Promise<void>,
): Promise<number> {
  const lines = createInterface({ input: terminal.input });
  lines.on('line', () => {
    if (flock.dead().length === 0) return;
    tell(`starting ${flock.dead().join(', ')} again`);
    flock.restartDead().catch((error: unknown) => tell(asFailure(error).message));
  });
  const stopped = once(terminal.interrupted, 'abort').then(() => EXIT.done);
  const left = allDead.then(() => EXIT.refused);
  const code = terminal.interrupted.aborted ? EXIT.done : await Promise.race([stopped, left]);
  lines.close();
  return code;
}

/** Runs until Ctrl-C. Never rejects; whatever happens, what was started is ended. */
export async function fly(options: FlightOptions): Promise<number> {
  const { terminal } = options;
  const began = performance.now();
  const tell = (sentence: string): void => {
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    terminal.out(`${seconds.padStart(6)} s  ${sentence}\n`);
  };
  let onAllDead = (): void => undefined;
  const allDead = new Promise<void>((resolve) => (onAllDead = resolve));
  const died = (peer: ChildPeer): void => {
    void peer.exited.then((exit) => {
      const isLast = flock.dead().length === PEER_NAMES.length;
      const hint = isLast ? 'No peer is left.' : 'The others go on; press Enter to start it again.';
      tell(`${peer.name} (pid ${peer.pid}) ${exitText(exit)}. ${hint}`);
      if (isLast) onAllDead();
    });
  };
  const { directory, program, pinned } = options;
  const { interrupted } = terminal;
  const flock = createFlock({ directory, program, pinned, tell, died, interrupted });
  let code: number = EXIT.done;
  try {
    tell('starting three peers');
    await flock.start();
    const addresses = await bringUp(flock, options, tell);
    const name = PEER_NAMES[2];
    const shown = relative(terminal.directory, directory) || directory;
    const facts = { addresses, victim: { name, pid: flock.pidOf(name) }, directory: shown };
    terminal.out(flightSummary(facts));
    code = await stay(flock, options, tell, allDead);
  } catch (error) {
    if (!interrupted.aborted) {
      const failure = asFailure(error);
      terminal.err(`skein: ${failure.message}\n`);
      code = failure.exitCode;
    }
  }
  tell('ending peers and pods');
  for (const sentence of await flock.end()) {
    terminal.err(`skein: ${sentence}\n`);
    code = EXIT.refused;
  }
  tell('ended');
  return code;
}
