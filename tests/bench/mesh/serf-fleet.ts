// Debian's serf with its own defaults for a LAN: agents on loopback, read by their log, told by their RPC port.

import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { Packr } from 'msgpackr';
import { addressOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import type { SerfProgram } from './serf-install.ts';
import { createSightings } from './sightings.ts';

const SUBNET = 8;
const MESH_PORT = 7946;
const RPC_PORT = 7373;

/** What it logs of members; an update does not say what changed, and labels change one at a time here. */
const EVENT = /serf: EventMember(Join|Failed|Update): (\S+)/;

export function createSerfFleet({ path }: SerfProgram): Fleet {
  const sightings = createSightings();
  const labels = new Map<string, string>();
  const nameOf = (at: number): string => `agent-${at}`;

  const read = (observer: string, line: string): void => {
    const [, event, subject] = EVENT.exec(line) ?? [];
    if (event === undefined || subject === undefined) return;
    const label = labels.get(subject);
    if (event === 'Join') sightings.note(observer, subject, 'alive');
    else if (event === 'Failed') sightings.note(observer, subject, 'dead');
    else if (label !== undefined) sightings.note(observer, subject, `label ${label}`);
  };

  return {
    name: 'serf',
    sightings,
    tellsSuspicion: false,
    spawn: (at) => {
      const host = addressOf(SUBNET, at);
      const name = nameOf(at);
      const child = spawn(
        path,
        [
          'agent',
          `-node=${name}`,
          `-bind=${host}:${MESH_PORT}`,
          `-rpc-addr=${host}:${RPC_PORT}`,
          '-profile=lan',
          '-log-level=info',
          ...(at === 0 ? [] : [`-join=${addressOf(SUBNET, 0)}:${MESH_PORT}`]),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      createInterface({ input: child.stdout }).on('line', (line) => read(name, line));
      return { name, process: child, loadedMs: Promise.resolve(performance.now()) };
    },
    label: (agent, value) => {
      labels.set(agent.name, value);
      setTag(addressOf(SUBNET, Number(agent.name.slice('agent-'.length))), value);
    },
  };
}

/** Two requests of its RPC protocol, each a header and a body in MessagePack. */
function setTag(host: string, value: string): void {
  const packr = new Packr({ useRecords: false });
  const socket = connect(RPC_PORT, host, () => {
    for (const part of [
      { Command: 'handshake', Seq: 0 },
      { Version: 1 },
      { Command: 'tags', Seq: 1 },
      { Tags: { bench: value } },
    ]) {
      socket.write(packr.pack(part));
    }
  });
  // Its answers say nothing that the log does not.
  socket.resume();
  socket.setTimeout(5_000, () => socket.destroy());
}
