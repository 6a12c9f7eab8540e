// The user that a client certificate names: common name the user, organisations the groups.

import type { TLSSocket } from 'node:tls';
import type { User } from '../request/api-request.ts';

const listed = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** Undefined when there is no certificate, or none that the authority vouches for. */
export function certificateUser(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  // An empty object stands for no certificate.
  if (subject === undefined) return undefined;
  const [name] = listed(subject.CN);
  if (name === undefined || name === '') return undefined;
  return { name, groups: listed(subject.O) };
}
