// `skein up` and `skein join`: a peer in the foreground, until it is told to end.
//
//   starting --hostPeer--> ready --SIGTERM, SIGINT--> stopping --> exit 0
//       |                    |                           └--second signal--> exit at once
//       └--refused--> exit 1 └--the peer left--> exit 0, a part failed for good--> exit 1
//   starting <--its replica was fenced-- starting, ready

import { setTimeout as delay } from 'node:timers/promises';
import type { HostedPeer, HostOptions } from '../../actors/index.ts';
import { createStreamLogger, createSystemClock, SkeinError } from '../../runtime/index.ts';
import type { LogLevel } from '../../runtime/index.ts';
import type { Command, FlagDefinitions, Invocation } from '../command.ts';
import { EXIT, refused, wrongUsage } from '../failure.ts';
import { hostFlags, hostOptions } from '../host-flags.ts';
import { hostPeer } from '../peer-host.ts';

/** A peer that is told to end before it is ready gets so long to become ready and end in order. */
const START_GRACE_MS = 8_000;

/** A replica is fenced once in a long while; one that is again and again has a fault that a person must see. */
const MAX_RESTARTS = 3;

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

function levelOf({ args }: Invocation): LogLevel {
  const given = args.text('log-level') ?? 'info';
  const level = LEVELS.find((one) => one === given);
  if (level !== undefined) return level;
  throw wrongUsage(`--log-level ${given} is not one of ${LEVELS.join(', ')}.`, 'up');
}

/** The line that scripts wait for. */
const readyLine = (hosted: HostedPeer): string => {
  const { name, meshAddress, api, kubeconfig } = hosted;
  return `ready name=${name} mesh=${meshAddress} api=${api} kubeconfig=${kubeconfig}\n`;
};

const onInterrupt = (signal: AbortSignal): Promise<'interrupted'> =>
  new Promise((resolve) => {
    const onAbort = (): void => resolve('interrupted');
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });

/** The log says that this peer may go on, as a new replica. */
const isFenced = (error: unknown): error is SkeinError =>
  error instanceof SkeinError && error.details['reason'] === 'fenced';

async function host(invocation: Invocation, address: string | undefined): Promise<number> {
  const { terminal } = invocation;
  const log = createStreamLogger({
    stream: terminal.errStream,
    clock: createSystemClock(),
    level: levelOf(invocation),
  });
  const options = await hostOptions(invocation.args, address, terminal, log);
  for (let restarts = 0; ; restarts++) {
    try {
      return await hostOnce(invocation, options);
    } catch (error) {
      if (!isFenced(error) || restarts >= MAX_RESTARTS) throw error;
      log.warn('this peer starts again', { reason: error.message });
    }
  }
}

/** Until the peer is told to end, or has to. Throws what `isFenced` tells when it is to start again. */
async function hostOnce({ args, terminal }: Invocation, options: HostOptions): Promise<number> {
  if (terminal.interrupted.aborted) return EXIT.done;
  const interrupted = onInterrupt(terminal.interrupted);
  // What a start writes survives a crash, so that one that hangs may be left.
  const abandoned = interrupted.then(() => delay(START_GRACE_MS, undefined, { ref: false }));
  const hosted = await Promise.race([hostPeer(options), abandoned]);
  if (hosted === undefined) return EXIT.done;
  terminal.out(readyLine(hosted));
  const end = await Promise.race([interrupted, hosted.ended]);
  if (end === 'interrupted') {
    if (args.isSet('stop-pods') === true) await hosted.stopPods();
    await hosted.stop();
    return EXIT.done;
  }
  await hosted.stop();
  if (end === undefined) return EXIT.done;
  if (isFenced(end)) throw end;
  throw refused(`This peer had to end: ${end.message}`);
}

const joinFlag: FlagDefinitions = {
  join: {
    value: 'ADDRESS',
    help: 'join the cluster of the peer at HOST, HOST:PORT or a multiaddr',
  },
};

export const upCommand: Command = {
  name: 'up',
  summary: 'Run a peer here, in the foreground',
  usage: '[--join ADDRESS --token TOKEN] [--witness]',
  flags: { ...hostFlags, ...joinFlag },
  asksPeer: false,
  examples: [
    'skein up',
    'skein up --label topology.kubernetes.io/zone=rack-1 --data ./data',
    'skein up --witness --join peer-1.lan --token-file token',
  ],
  run: (invocation) => {
    const [stray] = invocation.args.positionals;
    if (stray !== undefined) {
      throw wrongUsage(`\`skein up\` takes no argument ${JSON.stringify(stray)}.`, 'up');
    }
    return host(invocation, invocation.args.text('join'));
  },
};

export const joinCommand: Command = {
  name: 'join',
  summary: 'Run a peer here that joins the cluster of another',
  usage: 'ADDRESS --token TOKEN [--witness]',
  flags: hostFlags,
  asksPeer: false,
  examples: ['skein join 192.0.2.7 --token-file token', 'skein join peer-1.lan:7460 --token -'],
  run: (invocation) => {
    const [address, ...more] = invocation.args.positionals;
    if (address === undefined || more.length > 0) {
      throw wrongUsage('Give the address of one member: HOST, HOST:PORT or a multiaddr.', 'join');
    }
    return host(invocation, address);
  },
};
