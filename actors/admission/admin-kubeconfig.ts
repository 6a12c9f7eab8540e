// The kubeconfig of this machine's administrator: a client certificate of their own for the API of this peer.

import { stringify } from 'yaml';
import type { KeyedCertificate } from './x509-authority.ts';

export interface KubeconfigParts {
  readonly cluster: string;
  readonly name: string;
  /** `https://host:port` */
  readonly server: string;
  /** PEM */
  readonly apiAuthority: string;
  readonly client: KeyedCertificate;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function adminKubeconfig(parts: KubeconfigParts): string {
  const { cluster, name, server, apiAuthority, client } = parts;
  const user = `${cluster}-admin`;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(apiAuthority) } }],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(client.certificate),
          'client-key-data': base64(client.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user, namespace: 'default' } }],
    'current-context': name,
  });
}
