// What is told once all is up: where the service answers, what to try, how to stop.

export interface FlightFacts {
  /** HOST:PORT of the service at each peer. */
  readonly addresses: readonly (readonly [peer: string, address: string])[];
  readonly victim: { readonly name: string; readonly pid: number };
  readonly directory: string;
}

/** For people; a few lines. */
export function flightSummary({ addresses, victim, directory }: FlightFacts): string {
  const [first] = addresses;
  const tries: readonly (readonly [string, string])[] = [
    [`curl http://${first?.[1] ?? ''}`, 'three pods take turns'],
    ['npx skein get pods -o wide', 'where they run'],
    ['npx skein get pods --peer peer-2', 'the same, from another peer'],
    ['npx skein scale deploy/hello --replicas 6', 'more of them'],
    ['npx skein logs deploy/hello --tail 5', 'what one of them wrote'],
    [`kill -9 ${victim.pid}`, `kill ${victim.name}; the others go on`],
    ['npx skein peers', 'who is here, and who leads'],
  ];
  const width = Math.max(...tries.map(([command]) => command.length)) + 3;
  return [
    '',
    'The service hello answers at every peer:',
    ...addresses.map(([peer, address]) => `  ${peer}   http://${address}`),
    '',
    'Try, in another terminal:',
    ...tries.map(([command, what]) => `  ${command.padEnd(width)}${what}`),
    '',
    `Ctrl-C here ends the peers and their pods; the data stays in ${directory} for the next start.`,
    '',
  ].join('\n');
}
