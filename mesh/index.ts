// What other folders may use of the mesh.

export type { JoinGrant, JoinRequest, MembershipAuthority } from './membership-authority.ts';
export type { Member, MemberEvent, MemberStatus, Mesh, NodeFacts } from './mesh.ts';
export type { Lane, PeerId, Transport, TransportHandlers } from './transport.ts';
