// Keeps the administrator's kubeconfig in the data directory: a certificate of its own, and this peer's address.

import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writePrivateFile } from '../../mesh/index.ts';
import type { Result } from '../../runtime/index.ts';
import { ok } from '../../runtime/index.ts';
import { adminKubeconfig } from './admin-kubeconfig.ts';
import type { Admission } from './admission.ts';
import { createRequest, periodOf } from './x509-authority.ts';
import type { KeyedCertificate, Validity } from './x509-authority.ts';

const schema = z.object({ certificate: z.string(), key: z.string() });

export interface KubeconfigPlace {
  /** Of the kubeconfig; the certificate lies beside it. */
  readonly path: string;
  readonly cluster: string;
  readonly name: string;
  readonly server: string;
  readonly apiAuthority: string;
}

/**
 * Writes the kubeconfig, unless it is there as it should be: a peer may start on a full disk. Asks the authority for a
 * certificate only the first time. Errors: as signClient.
 */
export async function ensureAdminKubeconfig(
  place: KubeconfigPlace,
  admission: Pick<Admission, 'signClient'>,
): Promise<Result<void>> {
  const client = readClient(clientPathOf(place));
  return client === undefined ? renewAdminKubeconfig(place, admission) : write(place, client);
}

/** Has a new certificate signed and writes the kubeconfig with it. Errors: as signClient. Rejects: unavailable. */
export async function renewAdminKubeconfig(
  place: KubeconfigPlace,
  admission: Pick<Admission, 'signClient'>,
): Promise<Result<void>> {
  const user = `admin:${place.name}`;
  const { request, key } = await createRequest(user);
  const signed = await admission.signClient(request, { user, groups: ['system:masters'] });
  if (!signed.ok) return signed;
  const client = { certificate: signed.value, key };
  await writePrivateFile(clientPathOf(place), JSON.stringify(client));
  return write(place, client);
}

/** How long the certificate that is there is good. Throws when there is none. */
export function adminPeriod(place: Pick<KubeconfigPlace, 'path'>): Validity {
  return periodOf(readClient(clientPathOf(place))!.certificate);
}

const clientPathOf = ({ path }: Pick<KubeconfigPlace, 'path'>): string => `${path}.client.json`;

async function write(place: KubeconfigPlace, client: KeyedCertificate): Promise<Result<void>> {
  const text = adminKubeconfig({ ...place, client });
  if (textOf(place.path) !== text) await writePrivateFile(place.path, text);
  return ok(undefined);
}

/** What cannot be read is written anew, and writing says what is wrong. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readClient(path: string): KeyedCertificate | undefined {
  if (!existsSync(path)) return undefined;
  const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  return parsed.success ? parsed.data : undefined;
}
