// What the command line may use: how to start a peer.

export { hostPeer } from './host.ts';
export { summarizeState } from './state-summary.ts';
export type { StateSummary } from './state-summary.ts';
export type { HostedPeer, HostOptions, HostTaint, ListenAddress } from './host-options.ts';
