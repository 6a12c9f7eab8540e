// What other folders may use of the mesh.

export { createMemoryAddressBook } from './address-book.ts';
export type { AddressBook } from './address-book.ts';
export { createMesh } from './create-mesh.ts';
export type { CountingMesh } from './create-mesh.ts';
export { DIAL_REASON } from './dial-reason.ts';
export { generateSigningKey, sha256, signEd25519, verifyEd25519 } from './ed25519-signer.ts';
export { createPeerSigner } from './ed25519-peer-signer.ts';
export { MESH_PROTOCOL } from './gossip-message.ts';
export { createFileAddressBook } from './file-address-book.ts';
export { generateIdentity, loadIdentity } from './file-identity.ts';
export type { Identity } from './identity.ts';
export { parseHostPort } from './libp2p/host-ports.ts';
export { askMembership } from './libp2p/ask-membership.ts';
export { joinCluster } from './libp2p/join-cluster.ts';
export type { Joined } from './libp2p/join-cluster.ts';
export type { MemberVerdict } from './libp2p/member-handshake.ts';
export { createLibp2pTransport } from './libp2p/libp2p-transport.ts';
export { isJoinProven, proveJoin, tokenKey } from './join-proof.ts';
export { LABELS_LIMIT, TAINTS_LIMIT, UNREADY_LIMIT } from './fact-values.ts';
export type {
  JoinGrant,
  JoinRequest,
  MembershipAuthority,
  Renewal,
  RenewalWish,
  Standing,
} from './membership-authority.ts';
export { checkCertificate, issueCertificate, readCertificate } from './membership-certificate.ts';
export type { Member, MemberEvent, MemberStatus, Mesh, NodeFacts } from './mesh.ts';
export type { PeerSigner } from './peer-signer.ts';
export { writePrivateFile } from './private-file.ts';
export { generateSealingKey, seal, unseal } from './sealed-box.ts';
export type { SealingKey } from './sealed-box.ts';
export { MESH_TIMINGS } from './timing.ts';
export type { MeshTiming } from './timing.ts';
export { authorityHash, formatToken, parseToken } from './token.ts';
export type { AuthorityKeys, Token } from './token.ts';
export { generateToken } from './token-generator.ts';
export { DATAGRAM_LIMIT_BYTES } from './transport.ts';
export type {
  Lane,
  LinkChange,
  LinkReport,
  PeerId,
  Transport,
  TransportHandlers,
} from './transport.ts';
