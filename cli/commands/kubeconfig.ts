// `skein kubeconfig`: a kubeconfig with a context for each peer, for kubectl and for other machines.

import type { Command } from '../command.ts';
import { kubeconfigText } from '../kubeconfig-text.ts';
import type { PeerObject } from './peers.ts';
import { PEERS_PATH } from './peers.ts';

export const kubeconfigCommand: Command = {
  name: 'kubeconfig',
  summary: 'Print a kubeconfig with a context for each peer',
  usage: '',
  flags: {},
  asksPeer: true,
  examples: ['skein kubeconfig > config', 'KUBECONFIG=config kubectl get nodes'],
  run: async ({ terminal, session }) => {
    const { client } = await session();
    const { items } = await client.json<{ readonly items: readonly PeerObject[] }>({
      path: PEERS_PATH,
    });
    const asked = client.peer();
    const others = items
      .filter(({ status }) => status?.state !== 'left' && (status?.api ?? '') !== '')
      .map(({ metadata, status }) => ({ name: metadata?.name ?? '', server: status?.api ?? '' }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const own = others.find(({ server }) => server === asked.server);
    const current = { ...asked, name: own?.name ?? asked.name };
    terminal.out(kubeconfigText(current, own === undefined ? [current, ...others] : others));
  },
};
