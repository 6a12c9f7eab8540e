// What a command asks with: the client, the kinds that are served, and the namespace meant.

import type { Arguments } from './command.ts';
import type { Client } from './client.ts';
import { createClient } from './client.ts';
import { asFailure, isNotFound, refused } from './failure.ts';
import type { PeerAccess } from './kubeconfig.ts';
import { chooseKubeconfig, choosePeers, readKubeconfig } from './kubeconfig.ts';
import type { Resources } from './resources.ts';
import { discoverResources } from './resources.ts';
import type { Terminal } from './terminal.ts';

export interface Session {
  readonly client: Client;
  /** From discovery, asked for once. */
  readonly resources: () => Promise<Resources>;
  /** --namespace, or the context's. */
  readonly namespace: string;
  readonly close: () => void;
}

interface PeerObject {
  readonly status?: { readonly api?: string };
}

/** Where the peer of that name answers, as another peer knows it. */
async function locate(peers: readonly PeerAccess[], name: string, note: (words: string) => void) {
  const client = createClient({ peers, mayMoveOn: true, note });
  try {
    const path = `/apis/skein.dev/v1/peers/${encodeURIComponent(name)}`;
    const { status } = await client.json<PeerObject>({ path });
    if (status?.api !== undefined && status.api !== '') {
      return { ...client.peer(), name, server: status.api };
    }
    throw refused(`The peer ${name} tells no API address. Name it by HOST:PORT: --peer HOST:PORT.`);
  } catch (error) {
    if (!isNotFound(error)) throw asFailure(error);
    throw refused(`There is no peer ${JSON.stringify(name)}. \`skein peers\` lists them.`);
  } finally {
    client.close();
  }
}

/** Finds the kubeconfig and the peer; asks nothing yet unless a peer is named that the file does not know. */
export async function openSession(args: Arguments, terminal: Terminal): Promise<Session> {
  const note = (words: string): void => terminal.err(`${words}\n`);
  const file = readKubeconfig(chooseKubeconfig(args.text('kubeconfig'), terminal));
  const choice = choosePeers(file, { context: args.text('context'), peer: args.text('peer') });
  const peers =
    choice.unknownName === undefined
      ? choice.peers
      : [await locate(choice.peers, choice.unknownName, note)];
  const client = createClient({ peers, mayMoveOn: !choice.isExplicit, note });
  let discovered: Promise<Resources> | undefined;
  return {
    client,
    resources: () => (discovered ??= discoverResources(client)),
    namespace: args.text('namespace') ?? peers[0]!.namespace,
    close: client.close,
  };
}
