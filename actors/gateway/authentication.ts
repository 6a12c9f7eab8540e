// Who asks: the subject of a client certificate, or the owner of a bearer token.

import type { ApiRequest, User } from './request/api-request.ts';
import { unauthorized } from './status.ts';

/** A user, and those of the audiences asked about that the token is for. */
export type ReviewedUser = User & { readonly audiences?: readonly string[] };

/** Answers whose token this is, for one of `audiences` (default: the API); undefined for a token nobody has. */
export type TokenReview = (
  token: string,
  audiences?: readonly string[],
) => Promise<ReviewedUser | undefined>;

/** Longest token looked up. */
const MAX_TOKEN_LENGTH = 16_384;

const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

const AUTHENTICATED = 'system:authenticated';

const withAuthenticated = (user: User): User =>
  user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };

/** True for one who has proven nothing. */
export const isAnonymous = (user: User): boolean => user.name === ANONYMOUS.name;

/** The user behind a request. Throws 401 for a token that is not known; a certificate goes before a token. */
export async function authenticate(request: ApiRequest, review: TokenReview): Promise<User> {
  if (request.certificateUser !== undefined) return withAuthenticated(request.certificateUser);
  const header = request.headers['authorization'];
  if (header === undefined) return ANONYMOUS;
  const token = /^Bearer +([^\s]+)$/i.exec(header)?.[1];
  if (token === undefined || token.length > MAX_TOKEN_LENGTH) throw unauthorized();
  const reviewed = await review(token);
  if (reviewed === undefined) throw unauthorized();
  const { audiences: _, ...user } = reviewed;
  return withAuthenticated(user);
}
