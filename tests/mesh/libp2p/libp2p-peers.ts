// Real peers on loopback for tests: an authority, tokens, and meshes over libp2p in one process.

import {
  authorityHash,
  createLibp2pTransport,
  createMemoryAddressBook,
  createMesh,
  createPeerSigner,
  formatToken,
  generateIdentity,
  generateSigningKey,
  generateToken,
  issueCertificate,
  joinCluster,
  isJoinProven,
  parseToken,
  sha256,
  signEd25519,
  tokenKey,
} from '../../../mesh/index.ts';
import type {
  AddressBook,
  AuthorityKeys,
  CountingMesh,
  Identity,
  JoinGrant,
  JoinRequest,
  Joined,
  PeerId,
  Token,
} from '../../../mesh/index.ts';
import type { Libp2pTransport } from '../../../mesh/libp2p/libp2p-transport.ts';
import {
  createActorSystem,
  createImmediateDispatcher,
  createRingLogger,
  createSystemClock,
  createSystemRandom,
  failed,
  ok,
  SkeinError,
} from '../../../runtime/index.ts';
import type { ActorSystem, Logger, Result, RingLogger } from '../../../runtime/index.ts';

const DAY_MS = 86_400_000;

export const clock = createSystemClock();
export const random = createSystemRandom();

/** What actors/admission does over the log, in memory. */
export interface TestAuthority {
  readonly keys: AuthorityKeys;
  readonly cluster: string;
  readonly certify: (peer: PeerId, from?: number, to?: number) => Uint8Array;
  readonly newToken: (uses?: number) => string;
  readonly redeem: (request: JoinRequest) => Promise<Result<JoinGrant>>;
  readonly revoked: Set<PeerId>;
  /** Ends a membership, as the log does: every peer is told. */
  readonly revoke: (peer: PeerId) => void;
  readonly onRevoked: (told: (peer: PeerId) => void) => () => void;
  readonly members: Map<PeerId, readonly string[]>;
}

export function createTestAuthority(cluster = 'test'): TestAuthority {
  const signing = generateSigningKey();
  const keys = { membershipKey: signing.publicKey, apiKey: new Uint8Array(0) };
  const tokens = new Map<string, { readonly token: Token; uses: number }>();
  const members = new Map<PeerId, readonly string[]>();
  const revoked = new Set<PeerId>();
  const listeners = new Set<(peer: PeerId) => void>();
  const certify: TestAuthority['certify'] = (
    peer,
    notBefore = Date.now() - 1000,
    notAfter = Date.now() + DAY_MS,
  ) =>
    issueCertificate(
      { v: 1, cluster, peer, zone: 'default', notBefore, notAfter, serial: '1' },
      (bytes) => signEd25519(signing.seed, bytes),
    );
  return {
    keys,
    cluster,
    certify,
    members,
    revoked,
    revoke: (peer) => {
      revoked.add(peer);
      for (const told of listeners) told(peer);
    },
    onRevoked: (told) => {
      listeners.add(told);
      return () => listeners.delete(told);
    },
    newToken: (uses = 100) => {
      const token = generateToken(authorityHash(keys, sha256));
      tokens.set(token.id, { token, uses });
      return formatToken(token);
    },
    redeem: (request) => {
      const known = tokens.get(request.tokenId);
      const isProven =
        known !== undefined && isJoinProven(tokenKey(known.token.secret).publicKey, request);
      if (known === undefined || !isProven || known.uses === 0) {
        return Promise.resolve(
          failed(new SkeinError('unauthorized', 'the token is wrong, spent or expired')),
        );
      }
      known.uses -= 1;
      const peers = [...members].map(([peer, addresses]) => ({ peer, addresses }));
      members.set(request.peer, request.addresses);
      return Promise.resolve(
        ok({
          cluster,
          zone: request.zone,
          membership: certify(request.peer),
          servingCertificate: '',
          apiAuthority: '',
          peers,
        }),
      );
    },
  };
}

export interface TestPeer {
  readonly identity: Identity;
  readonly transport: Libp2pTransport;
  readonly system: ActorSystem;
  readonly mesh: CountingMesh;
  readonly log: RingLogger;
  readonly book: AddressBook;
  readonly stop: () => Promise<void>;
}

export interface PeerOptions {
  readonly identity?: Identity;
  readonly certificate?: Uint8Array;
  readonly peers?: JoinGrant['peers'];
  readonly book?: AddressBook;
  readonly name?: string;
  readonly listen?: string;
  /** Empty: it only dials out. */
  readonly announce?: readonly string[];
}

/** Not yet started. */
export function createTestTransport(
  authority: TestAuthority,
  identity: Identity,
  options: Pick<PeerOptions, 'certificate' | 'listen' | 'announce'>,
  log: Logger,
): Libp2pTransport {
  const certificate = options.certificate ?? authority.certify(identity.peer);
  return createLibp2pTransport({
    identity,
    listen: options.listen ?? '127.0.0.1:0',
    ...(options.announce === undefined ? {} : { announce: options.announce }),
    cluster: authority.cluster,
    authority: authority.keys,
    certificate: () => certificate,
    membership: {
      redeem: authority.redeem,
      standing: (peer) => (authority.revoked.has(peer) ? 'ended' : 'unknown'),
    },
    clock,
    random,
    log,
  });
}

export async function startPeer(
  authority: TestAuthority,
  options: PeerOptions = {},
): Promise<TestPeer> {
  const identity = options.identity ?? generateIdentity();
  const log = createRingLogger(clock, 1000);
  const transport = createTestTransport(authority, identity, options, log);
  const system = createActorSystem({
    peer: identity.peer,
    clock,
    random,
    log,
    dispatcher: createImmediateDispatcher(),
    onFailure: (path, error) => {
      throw new Error(`${path} failed`, { cause: error });
    },
  });
  const book = options.book ?? createMemoryAddressBook();
  const mesh = await createMesh({
    transport,
    signer: createPeerSigner(identity),
    system,
    clock,
    log,
    addressBook: book,
    peers: options.peers ?? [],
    facts: options.name === undefined ? {} : { name: options.name },
    isRevoked: (peer) => authority.revoked.has(peer),
    onRevoked: authority.onRevoked,
  });
  authority.members.set(identity.peer, transport.addresses());
  const stop = async (): Promise<void> => {
    await mesh.stop();
    await system.stop();
  };
  return { identity, transport, system, mesh, log, book, stop };
}

/** Joins through `via` and starts. */
export async function join(
  authority: TestAuthority,
  via: TestPeer,
  options: PeerOptions & { readonly token?: string } = {},
): Promise<Result<TestPeer>> {
  const identity = options.identity ?? generateIdentity();
  const joined = await ask(
    via.transport.addresses()[0]!,
    options.token ?? authority.newToken(),
    identity,
  );
  if (!joined.ok) return joined;
  const { grant, acceptor } = joined.value;
  return ok(
    await startPeer(authority, {
      ...options,
      identity,
      certificate: grant.membership,
      peers: [acceptor, ...grant.peers],
    }),
  );
}

export async function ask(
  address: string,
  tokenText: string,
  identity: Identity,
): Promise<Result<Joined>> {
  const token = parseToken(tokenText);
  if (!token.ok) return token;
  return await joinCluster({
    address,
    token: token.value,
    identity,
    name: 'joiner',
    zone: 'default',
    addresses: [],
    servingRequest: '',
    wallMs: Date.now(),
  });
}

/** Resolves once `condition` holds after some change of any of the meshes; rejects after `limitMs`. */
export async function until(
  peers: readonly TestPeer[],
  condition: () => boolean,
  limitMs: number,
  what: string,
): Promise<void> {
  if (condition()) return;
  await new Promise<void>((resolve, reject) => {
    const stops: (() => void)[] = [];
    const finish = (act: () => void): void => {
      clearTimeout(timer);
      stops.forEach((stop) => stop());
      act();
    };
    const timer = setTimeout(
      () => finish(() => reject(new Error(`not within ${limitMs} ms: ${what}`))),
      limitMs,
    );
    for (const peer of peers) {
      stops.push(
        peer.mesh.onMember(() => {
          if (condition()) finish(resolve);
        }),
      );
    }
  });
}

export const seesAll = (peers: readonly TestPeer[]): boolean =>
  peers.every((peer) =>
    peers.every((other) => peer.mesh.member(other.identity.peer)?.status === 'alive'),
  );
