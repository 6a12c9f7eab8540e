// `skein apply -f FILE`: creates what is missing, changes what differs.

import { applyManifest, placeManifests } from '../apply/apply-manifest.ts';
import { readManifests } from '../apply/manifests.ts';
import type { Command, FlagDefinitions } from '../command.ts';
import { namespaceFlag } from '../command.ts';
import type { CommandFailure } from '../failure.ts';
import { asFailure, EXIT, wrongUsage } from '../failure.ts';
import { fullName } from '../resources.ts';

/** Flags of commands that read manifests. */
export const fileFlags: FlagDefinitions = {
  filename: {
    short: 'f',
    value: 'FILE',
    repeatable: true,
    help: 'a file, a directory, or - for standard input',
  },
  recursive: { short: 'R', help: 'directories within directories too' },
};

export const applyCommand: Command = {
  name: 'apply',
  summary: 'Create or change objects so that they are what a file says',
  usage: '-f FILE',
  flags: {
    ...fileFlags,
    ...namespaceFlag,
    'dry-run': { value: 'server', help: 'check, but change nothing: server' },
  },
  asksPeer: true,
  examples: ['skein apply -f examples/hello.yaml', 'cat web.yaml | skein apply -f -'],
  run: async ({ args, terminal, session }) => {
    if (args.positionals.length > 0) {
      throw wrongUsage(`Name files with -f: -f ${args.positionals.join(' -f ')}.`, 'apply');
    }
    const dryRun = args.text('dry-run') ?? 'none';
    if (!['none', 'server'].includes(dryRun)) {
      throw wrongUsage(`--dry-run=${dryRun} is not known: take server or none.`, 'apply');
    }
    const files = args.texts('filename');
    const recursive = args.isSet('recursive') === true;
    const manifests = await readManifests(files, recursive, terminal, 'apply');
    const { client, resources, namespace } = await session();
    const isGiven = args.text('namespace') !== undefined;
    const placed = placeManifests(manifests, await resources(), namespace, isGiven);
    const failures: CommandFailure[] = [];
    for (const one of placed) {
      const name = fullName(one.resource, one.manifest.name);
      try {
        const outcome = await applyManifest(client, one, { isDryRun: dryRun === 'server' });
        terminal.out(`${name} ${outcome}${dryRun === 'server' ? ' (server dry run)' : ''}\n`);
      } catch (error) {
        const failure = asFailure(error);
        if (failure.exitCode === EXIT.unreachable) throw failure;
        failures.push(failure);
        terminal.err(`${one.manifest.source}: ${name}: ${failure.message}\n`);
      }
    }
    return failures[0]?.exitCode ?? EXIT.done;
  },
};
