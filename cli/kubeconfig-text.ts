// Writes a kubeconfig: one context for each peer, all with the same credentials.

import { stringify } from 'yaml';
import type { PeerAccess } from './kubeconfig.ts';

const data = (key: string, text: string | undefined): Record<string, string> =>
  text === undefined ? {} : { [`${key}-data`]: Buffer.from(text).toString('base64') };

/** The file's text; peers without credentials of their own take those of `own`. */
export function kubeconfigText(
  own: PeerAccess,
  peers: readonly Pick<PeerAccess, 'name' | 'server'>[],
): string {
  const user = 'skein-admin';
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': own.name,
      clusters: peers.map(({ name, server }) => ({
        name,
        cluster: {
          server,
          ...data('certificate-authority', own.authority),
          ...(own.skipVerification ? { 'insecure-skip-tls-verify': true } : {}),
        },
      })),
      contexts: peers.map(({ name }) => ({
        name,
        context: {
          cluster: name,
          user,
          ...(own.namespace === 'default' ? {} : { namespace: own.namespace }),
        },
      })),
      users: [
        {
          name: user,
          user: {
            ...data('client-certificate', own.certificate),
            ...data('client-key', own.key),
            ...(own.token === undefined ? {} : { token: own.token }),
          },
        },
      ],
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}
