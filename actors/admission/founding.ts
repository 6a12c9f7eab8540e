// The first moments of a cluster: its authority, its first member, and what its log begins with.

import type { Store } from '../../consensus/index.ts';
import { generateSigningKey, seal } from '../../mesh/index.ts';
import type { Identity } from '../../mesh/index.ts';
import type { Clock, Random } from '../../runtime/index.ts';
import { randomHex, randomUuid } from '../../runtime/index.ts';
import type { KindName } from '../objects/kinds.ts';
import { SYSTEM_PRIORITY_CLASSES } from '../objects/kinds/scheduling/priority-class.ts';
import { prepareCreate } from '../objects/write-preparation.ts';
import type { Objects, ObjectWrite } from '../objects/objects.ts';
import { authorityPurpose, decodeAuthority, encodeAuthority } from './authority.ts';
import type { Authority } from './authority.ts';
import { base64 } from './base64.ts';
import type { Credentials } from './file-credentials.ts';
import type { Issuer } from './issuer.ts';
import { clusterKey, nameKey, peerKey, sealedAuthorityKey } from './records.ts';
import type { ClusterRecord, PeerRecord } from './records.ts';
import { apiKeyOf, createApiAuthority, createRequest, validity } from './x509-authority.ts';

/** Ten years. */
const authorityLifeMs = 3_650 * 86_400_000;

export interface Founder {
  readonly identity: Identity;
  readonly name: string;
  readonly zone: string;
  readonly addresses: readonly string[];
}

/** A new cluster of one: credentials as a joiner would get them, with the authority kept until the log has it. */
export async function foundCluster(
  founder: Founder,
  issuer: Issuer,
  clock: Clock,
  random: Random,
): Promise<Credentials> {
  const cluster = `skein-${randomHex(random, 4)}`;
  const signing = generateSigningKey();
  const api = await createApiAuthority(cluster, validity(clock.wallMs(), authorityLifeMs));
  const authority: Authority = { membershipSeed: signing.seed, api };
  const { peer } = founder.identity;
  const request = await createRequest(founder.name);
  const serving = await issuer.serving(authority, { ...founder, servingRequest: request.request });
  if (!serving.ok) throw serving.error;
  return {
    version: 1,
    cluster,
    zone: founder.zone,
    name: founder.name,
    membership: base64(
      issuer.membership(authority, { cluster, peer, zone: founder.zone, notBeforeMs: 0 }),
    ),
    membershipKey: base64(signing.publicKey),
    apiKey: base64(apiKeyOf(api.certificate)),
    apiAuthority: api.certificate,
    servingCertificate: serving.value,
    servingKey: request.key,
    introductions: [],
    founding: base64(encodeAuthority(authority)),
  };
}

/** The authority of a founder whose log does not have it yet. */
export function foundingAuthority({ founding }: Credentials): Authority | undefined {
  if (founding === undefined) return undefined;
  const decoded = decodeAuthority(Buffer.from(founding, 'base64'));
  if (!decoded.ok) throw decoded.error;
  return decoded.value;
}

const firstNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/**
 * Writes what every cluster has: its record, its authority sealed to the founder, the founder as a member, the
 * first namespaces, the priorities of the system. All of it once and at one revision. False when it has to be tried again.
 */
export async function writeFounding(
  founder: Founder,
  credentials: Credentials,
  authority: Authority,
  ports: {
    readonly store: Store;
    readonly objects: Objects;
    readonly clock: Clock;
    readonly random: Random;
  },
): Promise<boolean> {
  const { store, objects, clock, random } = ports;
  if (store.view.get(clusterKey) !== undefined) return true;
  const { peer, sealing } = founder.identity;
  const cluster: ClusterRecord = {
    name: credentials.cluster,
    membershipKey: credentials.membershipKey,
    apiAuthority: credentials.apiAuthority,
  };
  const member: PeerRecord = {
    peer,
    name: founder.name,
    zone: founder.zone,
    addresses: founder.addresses,
    sealingKey: base64(sealing.publicKey),
    admittedAtMs: clock.wallMs(),
  };
  const sealed = seal(sealing.publicKey, authorityPurpose, encodeAuthority(authority));
  const born = (kind: KindName, given: object): ObjectWrite =>
    creation(kind, given, clock.wallMs(), randomUuid(random));
  const put = (key: string, value: string) => ({ type: 'put', key, value }) as const;
  const written = await objects.write(
    [
      ...firstNamespaces.map((name) => born('Namespace', { metadata: { name } })),
      ...SYSTEM_PRIORITY_CLASSES.map((one) => born('PriorityClass', one)),
    ],
    {
      compare: [{ target: 'create', key: clusterKey, is: '=', to: 0 }],
      success: [
        put(clusterKey, JSON.stringify(cluster)),
        put(peerKey(peer), JSON.stringify(member)),
        put(nameKey(founder.name), peer),
        put(sealedAuthorityKey(peer), base64(sealed)),
      ],
    },
  );
  return written.ok;
}

function creation(kind: KindName, given: object, nowMs: number, uid: string): ObjectWrite {
  const prepared = prepareCreate(kind, given, { nowMs, uid });
  if (!prepared.ok) throw new Error(`a first object is not valid: ${prepared.message}`);
  return { type: 'create', kind, object: prepared.object };
}
