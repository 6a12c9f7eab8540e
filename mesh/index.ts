// What other folders may use of the mesh.

export { createMemoryAddressBook } from './address-book.ts';
export type { AddressBook, AddressBookEntry } from './address-book.ts';
export { createMesh } from './create-mesh.ts';
export type { CountingMesh, MeshOptions } from './create-mesh.ts';
export { createFileAddressBook } from './file-address-book.ts';
export type { JoinGrant, JoinRequest, MembershipAuthority } from './membership-authority.ts';
export type { Member, MemberEvent, MemberStatus, Mesh, NodeFacts } from './mesh.ts';
export { LAN, WAN } from './timing.ts';
export type { MeshTiming } from './timing.ts';
export type { Lane, PeerId, Transport, TransportHandlers } from './transport.ts';
