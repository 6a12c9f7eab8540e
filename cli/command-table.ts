// All commands, in the order of the help.

import type { Command } from './command.ts';
import { applyCommand } from './commands/apply.ts';
import { getCommand } from './commands/get.ts';
import { logsCommand } from './commands/logs.ts';
import { tokenCreateCommand } from './commands/token.ts';
import { joinCommand, upCommand } from './commands/up.ts';
import type { CommandGroups } from './help.ts';

export const commandGroups: CommandGroups = [
  ['Peers', [upCommand, joinCommand, tokenCreateCommand]],
  ['Objects', [applyCommand, getCommand]],
  ['Containers', [logsCommand]],
];

export const commands: readonly Command[] = commandGroups.flatMap(([, all]) => all);
