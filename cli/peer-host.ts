// The way from the command line to a peer in this process, loaded only by the commands that start one.

import type { HostedPeer, HostOptions } from '../actors/host-options.ts';

interface PeerModule {
  readonly hostPeer: (options: HostOptions) => Promise<HostedPeer>;
}

/** Starts a peer here. Rejects with a SkeinError whose message is for the person. */
export async function hostPeer(options: HostOptions): Promise<HostedPeer> {
  const place = '../actors/index.js';
  const module = (await import(place)) as PeerModule;
  return module.hostPeer(options);
}
