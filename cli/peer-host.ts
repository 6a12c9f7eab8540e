// The way from the command line to a peer in this process, loaded only by the commands that start one.

import type { HostedPeer, HostOptions } from '../actors/index.ts';

/** Starts a peer here. Rejects with a SkeinError whose message is for the person. */
export async function hostPeer(options: HostOptions): Promise<HostedPeer> {
  const actors = await import('../actors/index.ts');
  return actors.hostPeer(options);
}
