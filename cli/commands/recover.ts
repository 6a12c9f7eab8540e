// `skein recover`: goes on from this machine's copy of a zone whose quorum is lost for good.
//
//   survey printed --dry run--> end
//                  --yes, or a person says so--> the log is a new replica's, alone in a new epoch --> `skein up`

import { createInterface } from 'node:readline/promises';
import type { Command, Invocation } from '../command.ts';
import { EXIT, refused, wrongUsage } from '../failure.ts';
import { dataDirectory, dataFlag, recoverStopped, surveyStopped } from '../recover/stopped-peer.ts';
import { surveyText } from '../recover/survey-text.ts';

const question =
  'The other members of this zone will be shut out for ever, and come back with blank logs.\n' +
  'Go on from what this peer has? Type yes: ';

async function isAgreed({ terminal }: Invocation): Promise<boolean> {
  const { input, outStream: output, interrupted: signal } = terminal;
  const lines = createInterface({ input, output });
  try {
    return (await lines.question(question, { signal })).trim() === 'yes';
  } finally {
    lines.close();
  }
}

async function recover(invocation: Invocation): Promise<number> {
  const { args, terminal } = invocation;
  if (args.positionals.length > 0) {
    throw wrongUsage('Name the data directory with --data DIR.', 'recover');
  }
  const data = dataDirectory(args, terminal);
  terminal.out(surveyText(await surveyStopped(data)));
  if (args.isSet('dry-run') === true) return EXIT.done;
  terminal.out('\n');
  if (args.isSet('yes') !== true) {
    if (!terminal.isInteractive) {
      throw wrongUsage('Nobody is here to agree: say so with --yes.', 'recover');
    }
    if (!(await isAgreed(invocation))) throw refused('Nothing was changed.');
  }
  const epoch = await recoverStopped(data);
  terminal.out(
    `The zone goes on in epoch ${epoch}, from this peer alone. Start it with \`skein up\`; peers that have\n` +
      'their membership join again by themselves, others with a token.\n',
  );
  return EXIT.done;
}

export const recoverCommand: Command = {
  name: 'recover',
  summary: 'Go on from this peer’s copy when the quorum is lost for good',
  usage: '[--dry-run]',
  flags: {
    ...dataFlag,
    'dry-run': { help: 'say what is here and what may be lost, and change nothing' },
    yes: { help: 'do not ask' },
  },
  asksPeer: false,
  examples: ['skein recover --dry-run', 'skein recover --data ./data --yes'],
  run: recover,
};
