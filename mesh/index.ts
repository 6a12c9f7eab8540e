// What other folders may use of the mesh.

export { createMemoryAddressBook } from './links/address-book.ts';
export type { AddressBook } from './links/address-book.ts';
export { createMesh } from './create-mesh.ts';
export type { CountingMesh } from './create-mesh.ts';
export { DIAL_REASON } from './links/dial-reason.ts';
export {
  generateSigningKey,
  sha256,
  signEd25519,
  verifyEd25519,
} from './belonging/ed25519-signer.ts';
export { createPeerSigner } from './belonging/ed25519-peer-signer.ts';
export { MESH_PROTOCOL } from './gossip-message.ts';
export { createFileAddressBook } from './links/file-address-book.ts';
export { generateIdentity, loadIdentity } from './belonging/file-identity.ts';
export type { Identity } from './belonging/identity.ts';
export { parseHostPort } from './libp2p/host-ports.ts';
export { askMembership } from './libp2p/ask-membership.ts';
export { joinCluster } from './libp2p/join-cluster.ts';
export type { Joined } from './libp2p/join-cluster.ts';
export type { MemberVerdict } from './libp2p/member-handshake.ts';
export { createLibp2pTransport } from './libp2p/libp2p-transport.ts';
export { isJoinProven, proveJoin, tokenKey } from './belonging/join-proof.ts';
export { LABELS_LIMIT, TAINTS_LIMIT, UNREADY_LIMIT } from './facts/fact-values.ts';
export type {
  JoinGrant,
  JoinRequest,
  MembershipAuthority,
  Renewal,
  RenewalWish,
  Standing,
} from './belonging/membership-authority.ts';
export {
  checkCertificate,
  issueCertificate,
  readCertificate,
} from './belonging/membership-certificate.ts';
export type { Member, MemberEvent, MemberStatus, Mesh, NodeFacts } from './mesh.ts';
export type { PeerSigner } from './belonging/peer-signer.ts';
export { writePrivateFile } from './belonging/private-file.ts';
export { generateSealingKey, seal, unseal } from './belonging/sealed-box.ts';
export type { SealingKey } from './belonging/sealed-box.ts';
export { MESH_TIMINGS } from './timing.ts';
export type { MeshTiming } from './timing.ts';
export { authorityHash, formatToken, parseToken } from './belonging/token.ts';
export type { AuthorityKeys, Token } from './belonging/token.ts';
export { generateToken } from './belonging/token-generator.ts';
export { DATAGRAM_LIMIT_BYTES } from './transport.ts';
export type {
  Lane,
  LinkChange,
  LinkReport,
  PeerId,
  Transport,
  TransportHandlers,
} from './transport.ts';
