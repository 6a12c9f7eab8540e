// A peer on a real machine: finds or makes its membership, opens its ports, composes it over real adapters.

import { isFenced, nodeDisk } from '../consensus/index.ts';
import {
  createFileAddressBook,
  createPeerSigner,
  loadIdentity,
  MESH_TIMINGS,
} from '../mesh/index.ts';
import type { Identity } from '../mesh/index.ts';
import {
  createImmediateDispatcher,
  createSystemClock,
  createSystemRandom,
  ok,
  SkeinError,
} from '../runtime/index.ts';
import type { Clock, Random } from '../runtime/index.ts';
import { keepCredentials } from './admission/file-credentials.ts';
import type { KeptCredentials } from './admission/file-credentials.ts';
import { ensureAdminKubeconfig } from './admission/file-kubeconfig.ts';
import type { KubeconfigPlace } from './admission/file-kubeconfig.ts';
import { createIssuer } from './admission/issuer.ts';
import { haltLeftPods } from './containers/found-pods.ts';
import { createLoadMeter } from './containers/node-capacity.ts';
import { createNodeProber } from './containers/node-prober.ts';
import { createProcessContainerDriver } from './containers/process-container-driver.ts';
import { startHttpsServer } from './gateway/http/https-server.ts';
import type { ApiServer } from './gateway/http/https-server.ts';
import { createHostAdmission } from './host-admission.ts';
import type { HostAdmission } from './host-admission.ts';
import { lockData, placesIn } from './host-data.ts';
import {
  claimAddress,
  hasLoopbackRange,
  machinePlatform,
  podWorkDirectory,
  reachableHost,
  removeIfEmpty,
  readMachine,
  usablePort,
} from './host-machine.ts';
import { findMembership } from './host-membership.ts';
import { addressText } from './host-options.ts';
import { keepAdministrator, keepMembership, keepServing } from './host-renewal.ts';
import type { HostedPeer, HostOptions } from './host-options.ts';
import { leaveZone } from './leaving.ts';
import { createMemberTransport } from './host-transport.ts';
import { startPeer } from './peer.ts';
import type { Peer, PeerParts, PeerPorts } from './peer.ts';
import { createNetFrontListener } from './routing/net-front-listener.ts';
import { skeinResources } from './skein-resources.ts';
import { version } from './version.ts';

/** A member that cannot reach its zone says so instead of waiting for ever. */
const closeGraceMs = 2_000;

/** Everything that is known before the peer is composed. */
interface Prepared {
  readonly options: HostOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly places: ReturnType<typeof placesIn>;
  readonly identity: Identity;
  readonly kept: KeptCredentials;
  readonly meshListen: string;
  /** Where this peer is reached, for its certificates. */
  readonly hosts: readonly string[];
  readonly apiPort: number;
  readonly api: string;
  readonly unlock: () => Promise<void>;
}

/**
 * Starts a peer and resolves when it is Ready. Rejects with a SkeinError whose message is a sentence for the
 * person who started it: unavailable (port, disk, nobody at ADDRESS), conflict (another process on the
 * directory, name taken), unauthorized (token), corrupt, unsupported.
 */
export async function hostPeer(options: HostOptions): Promise<HostedPeer> {
  if (options.driver === 'cri') {
    const sentence =
      'the driver "cri" is not built yet; leave --driver out, or say --driver process';
    throw new SkeinError('unsupported', sentence);
  }
  const prepared = await prepare(options);
  try {
    return await run(prepared);
  } catch (error) {
    await prepared.unlock();
    throw error;
  }
}

async function prepare(options: HostOptions): Promise<Prepared> {
  const clock = createSystemClock();
  const random = createSystemRandom();
  const places = placesIn(options.dataDirectory);
  const unlock = await lockData(options.dataDirectory);
  try {
    const meshPort = await usablePort(options.meshListen, '--mesh-listen');
    const apiPort = await usablePort(options.apiListen, '--api-listen');
    const identity = await loadIdentity(places.identity);
    const meshHost = options.meshListen.host;
    const announced = options.announce ?? [{ host: reachableHost(meshHost), port: meshPort }];
    const credentials = await findMembership({
      path: places.credentials,
      identity,
      name: options.name,
      zone: options.zone,
      isWitness: options.isWitness === true,
      addresses: announced.map(addressText),
      join: options.join,
      issuer: createIssuer(clock, random, options.lifetimes),
      clock,
      random,
      log: options.log,
    });
    const apiHost = reachableHost(options.apiListen.host);
    return {
      options,
      clock,
      random,
      places,
      identity,
      kept: keepCredentials(places.credentials, credentials),
      meshListen: `${meshHost}:${meshPort}`,
      hosts: [...new Set([...announced.map(({ host }) => host), apiHost])],
      apiPort,
      api: `https://${apiHost}:${apiPort}`,
      unlock,
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function run(prepared: Prepared): Promise<HostedPeer> {
  const { options, clock, random, places, kept } = prepared;
  const credentials = kept.current();
  let end: (error: Error | undefined) => void = () => undefined;
  const ended = new Promise<Error | undefined>((resolve) => (end = resolve));
  const failing = new AbortController();
  const membership: { isLeaving: boolean; isOver: boolean } = { isLeaving: false, isOver: false };
  let releaseAddress: (() => void) | undefined;
  const stops: (() => void)[] = [];
  const release = (): void => {
    releaseAddress?.();
    admission.stop();
    stops.forEach((stop) => stop());
  };

  const admission = createHostAdmission({
    ...prepared,
    log: options.log,
    issuer: createIssuer(clock, random, options.lifetimes),
    isLinked: (peer) => ports.transport.isLinked(peer),
    onEnded: (why) => {
      if (membership.isLeaving) return;
      membership.isOver = true;
      options.log.error('the membership of this peer is over', { reason: why.message });
      const giveUp = (): void => {
        end(why);
        failing.abort();
      };
      kept
        .change((before) => ({ ...before, ended: why.message }))
        .catch((error: unknown) => options.log.warn('not noted', { error: String(error) }))
        .finally(giveUp);
    },
  });

  const ports: PeerPorts = {
    clock,
    random,
    log: options.log,
    dispatcher: createImmediateDispatcher(),
    transport: createMemberTransport(prepared, admission, admission.heard),
    signer: createPeerSigner(prepared.identity),
    addressBook: createFileAddressBook(places.addressBook),
    disk: nodeDisk(),
    logDirectory: places.log,
    ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
    revocations: admission,
    timing: MESH_TIMINGS[options.network ?? 'lan'],
    createDriver: (range) =>
      createProcessContainerDriver({
        directory: places.pods,
        workDirectory: podWorkDirectory(prepared.identity.peer, places.pods),
        ...(range === undefined ? {} : { addressRange: range }),
        log: options.log.child({ part: 'driver' }),
      }),
    createProber: createNodeProber,
    listener: createNetFrontListener(),
    hasLoopbackRange: hasLoopbackRange(),
    claimAddress: async (address) => {
      // Only one is taken in the end: the one before was lost to another peer of the zone, or is claimed anew.
      releaseAddress?.();
      releaseAddress = await claimAddress(address);
      return releaseAddress !== undefined;
    },
    machine: readMachine(),
    measureLoad: createLoadMeter(),
    platform: machinePlatform(),
    reviewToken: (token) => Promise.resolve(admission.userOf(token)),
    accountTokens: {
      sign: admission.signAccount,
      read: admission.accountOf,
      publicKey: admission.publicKey,
    },
    extras: (parts) => resourcesOf(prepared, admission, parts, () => leave(parts)),
    onFailure: (path, error) => {
      options.log.error('a part of this peer failed for good', { path, reason: error.message });
      end(isFenced(error) ? error : new Error(`${path}: ${error.message}`, { cause: error }));
      failing.abort();
      // What it waits for to be ready may never come now.
      admission.stop();
    },
  };

  const leave = async (parts: PeerParts) => {
    membership.isLeaving = true;
    const left = await leaveZone(credentials.name, parts, (pod) => evict(peer!, pod), clock);
    membership.isLeaving = left.ok;
    if (!left.ok) return left;
    await kept.end();
    // The answer goes out first.
    clock.setTimer(closeGraceMs, () => end(undefined));
    return left;
  };

  const peer = await startPeer(
    {
      name: credentials.name,
      zone: credentials.zone,
      version,
      labels: options.labels,
      taints: options.taints.map((taint) => ({ ...taint })),
      price: options.price,
      isFounder: credentials.founding !== undefined,
      isWitness: credentials.isWitness === true,
      introductions: credentials.introductions,
      api: prepared.api,
      onParts: admission.begin,
      signal: failing.signal,
    },
    ports,
  ).catch((error: unknown) => {
    release();
    throw error;
  });
  if (peer === undefined) {
    // Pods of an earlier life go on by their keepers: those of a peer that was removed must not.
    if (membership.isOver) await haltLeftPods(ports.createDriver(undefined), options.log);
    release();
    throw (await ended) ?? new SkeinError('stopped', 'the peer was stopped while it started');
  }
  let server: ApiServer | undefined;
  try {
    server = await serve(prepared, peer);
    const renewal = { ...prepared, admission, log: options.log.child({ part: 'renewal' }) };
    const renewing = [
      keepMembership(renewal),
      keepServing(renewal, prepared.hosts, server.replaceCertificate),
    ];
    stops.push(...renewing.map(({ stop }) => stop));
    const failure = await Promise.race([peer.registered.then(() => undefined), ended]);
    if (failure !== undefined) throw failure;
    await writeKubeconfig(prepared, admission);
    const administrator = keepAdministrator(renewal, kubeconfigPlace(prepared));
    stops.push(administrator.stop);
    // What ended while this peer was off is renewed before it is called ready.
    await Promise.all([...renewing, administrator].map(({ hurry }) => hurry()));
  } catch (error) {
    await server?.close(closeGraceMs);
    await peer.stop({ endPods: membership.isOver });
    release();
    throw error;
  }
  return hosted(prepared, peer, server, { ended, release, mustEndPods: () => membership.isOver });
}

const serve = (prepared: Prepared, peer: Peer): Promise<ApiServer> =>
  startHttpsServer({
    host: prepared.options.apiListen.host,
    port: prepared.apiPort,
    tls: {
      key: prepared.kept.current().servingKey,
      certificate: prepared.kept.current().servingCertificate,
      clientAuthority: prepared.kept.current().apiAuthority,
    },
    gateway: peer.gateway,
    clock: prepared.clock,
    log: prepared.options.log.child({ part: 'api' }),
  });

async function writeKubeconfig(prepared: Prepared, admission: HostAdmission): Promise<void> {
  const written = await ensureAdminKubeconfig(kubeconfigPlace(prepared), admission);
  if (!written.ok) throw written.error;
}

function kubeconfigPlace({ places, kept, api }: Prepared): KubeconfigPlace {
  const { cluster, name, apiAuthority } = kept.current();
  return { path: places.kubeconfig, cluster, name, server: api, apiAuthority };
}

function resourcesOf(
  prepared: Prepared,
  admission: HostAdmission,
  parts: PeerParts,
  leave: () => ReturnType<typeof leaveZone>,
) {
  const { name, zone } = prepared.kept.current();
  return skeinResources(
    { ...parts, view: parts.objects.view },
    {
      clock: prepared.clock,
      name,
      zone,
      version,
      createToken: admission.createToken,
      tokens: admission.tokens,
      revokeToken: admission.revokeToken,
      removePeer: admission.remove,
      createBearer: async ({ user, groups, ttlMs }) => {
        const expiresAtMs = prepared.clock.wallMs() + ttlMs;
        const signed = await admission.signBearer({ user, groups, expiresAtMs });
        return signed.ok ? ok({ token: signed.value, expiresAtMs }) : signed;
      },
      leave,
    },
  );
}

/** As a user would: through this peer's own API, with its rules for grace. */
async function evict(
  peer: Peer,
  pod: { readonly namespace: string; readonly name: string },
): Promise<void> {
  await peer.gateway.handle({
    method: 'DELETE',
    path: `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`,
    query: new URLSearchParams(),
    headers: {},
    body: new Uint8Array(0),
    certificateUser: { name: 'system:peer', groups: ['system:masters'] },
  });
}

function hosted(
  prepared: Prepared,
  peer: Peer,
  server: ApiServer,
  end: {
    readonly ended: Promise<Error | undefined>;
    readonly release: () => void;
    readonly mustEndPods: () => boolean;
  },
): HostedPeer {
  let stopping: Promise<void> | undefined;
  const stop = async (endPods: boolean): Promise<void> => {
    await server.close(closeGraceMs);
    await peer.stop({ endPods });
    end.release();
    await removeIfEmpty(podWorkDirectory(prepared.identity.peer, prepared.places.pods));
    await prepared.unlock();
  };
  const { kept, identity, meshListen, api, places } = prepared;
  const credentials = kept.current();
  return {
    name: credentials.name,
    zone: credentials.zone,
    peerId: identity.peer,
    meshAddress: meshListen,
    api,
    nodeAddress: peer.work?.place.nodeAddress,
    kubeconfig: places.kubeconfig,
    ended: end.ended,
    stop: () => (stopping ??= stop(end.mustEndPods())),
    stopPods: () => (stopping ??= stop(true)),
  };
}
