// Ports for three peers: those of the last time, those the person pinned, or the first free ones.

import { createServer } from 'node:net';
import { CommandFailure, EXIT, refused, wrongUsage } from '../failure.ts';
import { DEFAULT_API_PORT, DEFAULT_MESH_PORT } from '../host-flags.ts';

/** One for each peer. */
export interface PortPlan {
  readonly mesh: readonly number[];
  readonly api: readonly number[];
}

/** The first port of three; undefined when the person leaves the choice. */
export interface PinnedPorts {
  readonly mesh: number | undefined;
  readonly api: number | undefined;
}

const HOST = '127.0.0.1';
/** Triples tried above a default. */
const MAX_TRIPLES = 100;
const LAST_PORT = 65_535;

/** A number from 1 to 65533, from a flag or a variable. Throws wrong usage. */
export function pinnedPort(label: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port + 2 <= LAST_PORT) return port;
  throw wrongUsage(`${label} ${JSON.stringify(text)} is not a port from 1 to ${LAST_PORT - 2}.`);
}

/** Resolves with why the port cannot be had, or undefined when it can. */
function trouble(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      resolve(isTaken ? 'another program listens on it' : error.message);
    });
    probe.listen({ host: HOST, port, exclusive: true }, () =>
      probe.close(() => resolve(undefined)),
    );
  });
}

const triple = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + index);

async function firstTrouble(ports: readonly number[]): Promise<string | undefined> {
  for (const port of ports) {
    const why = await trouble(port);
    if (why !== undefined) return `port ${port} of ${HOST} cannot be used: ${why}`;
  }
  return undefined;
}

/** The first ports in a row that are free, from `first` on. Refuses when there are none near. */
export async function freePorts(first: number, count: number): Promise<readonly number[]> {
  for (let tried = 0; tried < MAX_TRIPLES; tried++) {
    const ports = triple(first + tried * count, count);
    if ((await firstTrouble(ports)) === undefined) return ports;
  }
  throw refused(
    `No ${count} free ports in a row were found from ${first} on. ` +
      'Pin others with --mesh-port N and --api-port N.',
  );
}

async function pinnedOrFree(
  label: string,
  pinned: number | undefined,
  first: number,
  count: number,
): Promise<readonly number[]> {
  if (pinned === undefined) return freePorts(first, count);
  const ports = triple(pinned, count);
  const why = await firstTrouble(ports);
  if (why === undefined) return ports;
  throw refused(`${label} ${pinned}: ${why}. Stop that program, or pin another port.`);
}

/** Chooses for peers that are new. */
export async function choosePorts(pinned: PinnedPorts, count: number): Promise<PortPlan> {
  return {
    mesh: await pinnedOrFree('--mesh-port', pinned.mesh, DEFAULT_MESH_PORT, count),
    api: await pinnedOrFree('--api-port', pinned.api, DEFAULT_API_PORT, count),
  };
}

/** Peers that exist find each other where they were: they keep their ports. */
export async function keepPorts(plan: PortPlan, pinned: PinnedPorts): Promise<PortPlan> {
  const [mesh, api] = [plan.mesh[0], plan.api[0]];
  const moved =
    (pinned.mesh !== undefined && pinned.mesh !== mesh) ||
    (pinned.api !== undefined && pinned.api !== api);
  if (moved) {
    throw new CommandFailure(
      EXIT.refused,
      `The peers in .skein were made with the ports ${mesh} (mesh) and ${api} (API) and keep them. ` +
        'Leave the pinned ports out, or remove .skein to begin anew.',
    );
  }
  const why = await firstTrouble([...plan.mesh, ...plan.api]);
  if (why === undefined) return plan;
  throw refused(
    `The peers in .skein keep their ports, and ${why}. Perhaps another \`npm start\` runs here. ` +
      'Stop that program, or remove .skein to begin anew.',
  );
}
