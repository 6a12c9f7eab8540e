// Peers that live for months of virtual time: real certificates, renewal and meshes over one list of members in memory.

import { createAdmission } from '../../../actors/admission/admission.ts';
import { admissionActor, admissionPath } from '../../../actors/admission/admission-actor.ts';
import type { Authority } from '../../../actors/admission/authority.ts';
import { keepAuthority } from '../../../actors/admission/authority-keeping.ts';
import { createIssuer } from '../../../actors/admission/issuer.ts';
import { clusterKey, peerKey } from '../../../actors/admission/records.ts';
import { keepRenewed } from '../../../actors/admission/renewal.ts';
import type { Store } from '../../../consensus/index.ts';
import {
  createMemoryAddressBook,
  createMesh,
  generateSealingKey,
  generateSigningKey,
  isJoinProven,
  readCertificate,
  verifyEd25519,
} from '../../../mesh/index.ts';
import type { CountingMesh, MeshTiming, PeerId, Standing, Transport } from '../../../mesh/index.ts';
import { judgeMember } from '../../../mesh/belonging/member-judgement.ts';
import { LAN } from '../../../mesh/timing.ts';
import {
  createActorSystem,
  createRingLogger,
  createSimulation,
  ok,
} from '../../../runtime/index.ts';
import type { RingLogger, SimulatedPeer, Simulation } from '../../../runtime/index.ts';
import { createSimulatedNetwork } from '../../simulation/simulated-network.ts';
import type { SimulatedNetwork } from '../../simulation/simulated-network.ts';
import { createSimulatedSigner } from '../../simulation/simulated-signer.ts';
import { createMemoryStore } from '../objects/memory-store.ts';
import type { MemoryStore } from '../objects/memory-store.ts';

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

/** As slow as months allow: a probe every two hours. */
const slow = Object.fromEntries(
  Object.entries(LAN).map(([key, value]: [string, number]) => [
    key,
    key.endsWith('Ms') ? value * 14_400 : value,
  ]),
) as unknown as MeshTiming;

export interface LongLivedPeer {
  readonly name: PeerId;
  readonly host: SimulatedPeer;
  readonly transport: Transport;
  readonly mesh: CountingMesh;
  readonly log: RingLogger;
  /** Begins to renew; returns how to stop. */
  readonly renew: () => () => void;
  certificate: Uint8Array;
  renewals: number;
}

export interface LongLivedZone {
  readonly simulation: Simulation;
  readonly network: SimulatedNetwork;
  readonly memory: MemoryStore;
  readonly peers: readonly LongLivedPeer[];
  readonly areAllLinked: () => boolean;
}

const cluster = 'skein-test';

export interface LongLivedOptions {
  /** Voters; whoever else there is learns. */
  readonly voters: readonly PeerId[];
  readonly learners: readonly PeerId[];
  /** All peers start so long after their certificates were signed. */
  readonly offForMs?: number;
  /** What each peer's list says of any other. */
  readonly standing: (store: Store, peer: PeerId, certifiedAtMs: number) => Standing;
}

export async function createLongLivedZone(options: LongLivedOptions): Promise<LongLivedZone> {
  const names = [...options.voters, ...options.learners];
  const simulation = createSimulation('thirteen months');
  const memory = createMemoryStore();
  const signing = generateSigningKey();
  const authority: Authority = {
    membershipSeed: signing.seed,
    api: { certificate: 'certificate', key: 'key' },
  };
  const peers: LongLivedPeer[] = [];
  const verify = remembered(verifyEd25519);
  const lets = (host: LongLivedPeer, guest: LongLivedPeer): boolean =>
    judgeMember(
      guest.certificate,
      {
        peer: guest.name,
        cluster,
        authorityKey: signing.publicKey,
        wallMs: host.host.clock.wallMs(),
        standing: (peer, certifiedAtMs) => options.standing(memory, peer, certifiedAtMs),
      },
      verify,
    ).ok;
  const network = createSimulatedNetwork(simulation, (one, other) => {
    const [first, second] = [one, other].map((name) => peers.find((peer) => peer.name === name));
    return (
      first !== undefined && second !== undefined && lets(first, second) && lets(second, first)
    );
  });
  const [leader] = options.voters;
  memory.setStatus({
    leader: leader!,
    voters: options.voters,
    learners: options.learners,
  });
  const put = (key: string, value: unknown) =>
    memory.apply({ compare: [], success: [{ type: 'put', key, value: JSON.stringify(value) }] });
  put(clusterKey, { name: cluster });
  const sealing = new Map(names.map((name) => [name, generateSealingKey()]));
  for (const name of names) {
    const sealingKey = Buffer.from(sealing.get(name)!.publicKey).toString('base64');
    put(peerKey(name), {
      peer: name,
      name,
      zone: 'test',
      addresses: [],
      sealingKey,
      admittedAtMs: 0,
    });
  }

  const world = simulation.peer('world');
  const first = createIssuer(world.clock, world.random);
  const certificates = new Map(
    names.map((peer) => [
      peer,
      first.membership(authority, { cluster, peer, zone: 'test', notBeforeMs: 0 }),
    ]),
  );
  await simulation.run({ untilMs: options.offForMs ?? 0 });
  for (const name of names) {
    const host = simulation.peer(name);
    const { clock, random } = host;
    const log = createRingLogger(clock, 500);
    const store: Store = {
      ...memory,
      status: () => ({ ...memory.status(), role: name === leader ? 'leader' : 'follower' }),
    };
    const system = createActorSystem({
      peer: name,
      clock,
      random,
      log,
      dispatcher: host.dispatcher,
      onFailure: (path, error) => {
        throw new Error(`${name}: ${path}`, { cause: error });
      },
    });
    const transport = network.transport(name, host);
    const mesh = await createMesh({
      transport,
      signer: createSimulatedSigner(name),
      system,
      clock,
      log,
      addressBook: createMemoryAddressBook(),
      peers: names.map((peer) => ({ peer, addresses: [`${peer}.test:7460`] })),
      facts: { name },
      timing: slow,
    });
    const keeping = keepAuthority({
      store,
      self: name,
      sealingKey: sealing.get(name)!,
      log,
      clock,
      ...(name === leader && { founded: authority }),
    });
    const issuer = createIssuer(clock, random);
    const admission = createAdmission({
      store,
      system,
      clock,
      checkProof: isJoinProven,
      issuer,
      authority: keeping.current,
      holders: () => options.voters.filter((peer) => peer !== name),
    });
    system.spawn(admissionPath, admissionActor, admission);
    const peer: LongLivedPeer = {
      name,
      host,
      transport,
      mesh,
      log,
      certificate: certificates.get(name)!,
      renewals: 0,
      renew: () =>
        keepRenewed(
          {
            what: 'membership',
            period: () => {
              const read = readCertificate(peer.certificate, signing.publicKey, verify);
              if (!read.ok) throw read.error;
              return { notBeforeMs: read.value.notBefore, notAfterMs: read.value.notAfter };
            },
            renew: async () => {
              const renewed = await admission.renew({ peer: name });
              if (!renewed.ok) return renewed;
              peer.certificate = renewed.value.membership;
              peer.renewals += 1;
              return ok(undefined);
            },
          },
          { clock, random, log },
        ).stop,
    };
    peers.push(peer);
  }

  return {
    simulation,
    network,
    memory,
    peers,
    areAllLinked: () =>
      peers.every(({ transport, name }) =>
        names.every((other) => other === name || transport.isLinked(other)),
      ),
  };
}

/** Signatures that were judged before need no second look: dials of months repeat them a million times. */
function remembered(verify: typeof verifyEd25519): typeof verifyEd25519 {
  const known = new Map<string, boolean>();
  return (publicKey, bytes, signature) => {
    const key = [publicKey, bytes, signature]
      .map((each) => Buffer.from(each).toString('base64'))
      .join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const isValid = verify(publicKey, bytes, signature);
    known.set(key, isValid);
    return isValid;
  };
}
