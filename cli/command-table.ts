// All commands, in the order of the help.

import type { Command } from './command.ts';
import { applyCommand } from './commands/apply.ts';
import { cordonCommand, uncordonCommand } from './commands/cordon.ts';
import { deleteCommand } from './commands/delete.ts';
import { describeCommand } from './commands/describe.ts';
import { doctorCommand } from './commands/doctor.ts';
import { drainCommand } from './commands/drain.ts';
import { execCommand } from './commands/exec.ts';
import { firstFlightCommand } from './commands/first-flight.ts';
import { getCommand } from './commands/get.ts';
import { kubeconfigCommand } from './commands/kubeconfig.ts';
import { annotateCommand, labelCommand } from './commands/label.ts';
import { leaveCommand } from './commands/leave.ts';
import { logsCommand } from './commands/logs.ts';
import { peersCommand } from './commands/peers.ts';
import { peersRemoveCommand } from './commands/peers-remove.ts';
import { recoverCommand } from './commands/recover.ts';
import { rejoinCommand } from './commands/rejoin.ts';
import { rolloutCommands } from './commands/rollout.ts';
import { scaleCommand } from './commands/scale.ts';
import { statusCommand } from './commands/status.ts';
import { tokenCreateCommand } from './commands/token.ts';
import { tokenListCommand, tokenRevokeCommand } from './commands/tokens.ts';
import { joinCommand, upCommand } from './commands/up.ts';
import { versionCommand } from './commands/version.ts';
import type { CommandGroups } from './help.ts';

export const commandGroups: CommandGroups = [
  [
    'Peers',
    [
      upCommand,
      joinCommand,
      tokenCreateCommand,
      tokenListCommand,
      tokenRevokeCommand,
      peersCommand,
      statusCommand,
      doctorCommand,
      leaveCommand,
      peersRemoveCommand,
    ],
  ],
  [
    'Objects',
    [applyCommand, deleteCommand, getCommand, describeCommand, labelCommand, annotateCommand],
  ],
  ['Workloads', [scaleCommand, ...rolloutCommands, logsCommand, execCommand]],
  ['Nodes', [cordonCommand, uncordonCommand, drainCommand]],
  ['After a loss, on a stopped peer', [recoverCommand, rejoinCommand]],
  ['Also', [kubeconfigCommand, versionCommand, firstFlightCommand]],
];

export const commands: readonly Command[] = commandGroups.flatMap(([, all]) => all);
