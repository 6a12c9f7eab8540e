// `skein first-flight`, which is `npm start`: three peers here and the example, until Ctrl-C.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '../command.ts';
import { wrongUsage } from '../failure.ts';
import { fly } from '../flight/flight.ts';
import { pinnedPort } from '../flight/ports.ts';

/** Beside the compiled file. */
const place = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const firstFlightCommand: Command = {
  name: 'first-flight',
  summary: 'Run three peers here and a service on them (npm start)',
  usage: '',
  flags: {
    'mesh-port': { value: 'N', help: 'first of three ports between peers (or SKEIN_MESH_PORT)' },
    'api-port': { value: 'N', help: 'first of three API ports (or SKEIN_API_PORT)' },
  },
  asksPeer: false,
  examples: ['npm start', 'npm start -- --api-port 8443'],
  run: ({ args, terminal }) => {
    if (args.positionals.length > 0) throw wrongUsage('It takes flags only.', 'first-flight');
    const { SKEIN_MESH_PORT, SKEIN_API_PORT } = terminal.environment;
    return fly({
      directory: join(terminal.directory, '.skein'),
      program: place('../main.js'),
      example: place('../../../examples/hello.yaml'),
      pinned: {
        mesh: pinnedPort('--mesh-port', args.text('mesh-port') ?? SKEIN_MESH_PORT),
        api: pinnedPort('--api-port', args.text('api-port') ?? SKEIN_API_PORT),
      },
      terminal,
    });
  },
};
