// POST of serviceaccounts/token: a token for an account, for a while, for an audience, bound to a pod or node if asked.

import type { Pod, ServiceAccount } from 'kubernetes-types/core/v1.d.ts';
import { randomUuid } from '../../../runtime/index.ts';
import { ACCOUNT_ISSUER, PRIVATE_CLAIMS } from '../../objects/account-claims.ts';
import type { AccountClaims, ClaimedObject } from '../../objects/account-claims.ts';
import { timestamp } from '../../objects/meta.ts';
import type { Exchange } from '../exchange.ts';
import { answer, namesOf } from '../exchange.ts';
import { lookUp, readNewest } from '../reads/get.ts';
import type { ApiResponse } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { decodeObject } from '../request/body.ts';
import { objectAt, stringAt, stringsAt } from '../reviews/review-fields.ts';
import { badRequest, conflict, forbidden, fromSkeinError, invalid, notFound } from '../status.ts';
import { catchUp } from '../writes/commit.ts';
import { ACCOUNT_PREFIX } from './account-review.ts';

const NAMED = { group: 'authentication.k8s.io', plural: 'tokenrequests', kind: 'TokenRequest' };
const PODS = { group: '', plural: 'pods', kind: 'Pod' };
const SECRETS = { group: '', plural: 'secrets', kind: 'Secret' };
const NODES = { group: '', plural: 'nodes', kind: 'Node' };
const BINDABLE = { Pod: PODS, Secret: SECRETS, Node: NODES };

const DEFAULT_SECONDS = 3_600;
const SHORTEST_SECONDS = 600;
const LONGEST_ASKED_SECONDS = 2 ** 32;
/** A longer wish is shortened to this: 30 days, as for other tokens of the API. */
const LONGEST_SECONDS = 30 * 24 * 3_600;
const AUDIENCES_LIMIT = 16;

function secondsIn(spec: JsonObject): number {
  const field = 'spec.expirationSeconds';
  const given = spec['expirationSeconds'] ?? DEFAULT_SECONDS;
  const refuse = (detail: string) =>
    invalid(NAMED, '', [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(given)}: ${detail}`,
        field,
      },
    ]);
  if (!Number.isSafeInteger(given)) throw badRequest(`${field} must be a whole number of seconds`);
  const seconds = Number(given);
  if (seconds < SHORTEST_SECONDS) throw refuse('may not specify a duration less than 10 minutes');
  if (seconds > LONGEST_ASKED_SECONDS) {
    throw refuse('may not specify a duration larger than 2^32 seconds');
  }
  return Math.min(seconds, LONGEST_SECONDS);
}

type Bound = Pick<AccountClaims[typeof PRIVATE_CLAIMS], 'node' | 'pod' | 'secret'>;

const claimed = (name: string, uid = ''): ClaimedObject => ({ name, uid });

/** What the token shall die with. Throws 400, 403, 404, 409. */
function boundIn(exchange: Exchange, spec: JsonObject, caughtUp: number): Bound {
  const path = 'spec.boundObjectRef';
  const ref = objectAt(spec, 'spec', 'boundObjectRef');
  if (ref === undefined) return {};
  const [kind, name] = [stringAt(ref, path, 'kind'), stringAt(ref, path, 'name')];
  const [apiVersion, uid] = [stringAt(ref, path, 'apiVersion'), stringAt(ref, path, 'uid')];
  const { namespace, name: account } = exchange.route;
  if (apiVersion !== 'v1' || (kind !== 'Pod' && kind !== 'Node' && kind !== 'Secret')) {
    throw badRequest(`cannot bind token to object of type ${apiVersion}, Kind=${kind}`);
  }
  const named = BINDABLE[kind];
  const found = lookUp(exchange, kind, kind === 'Node' ? '' : namespace, name, caughtUp);
  if (found === undefined) throw notFound(named, name);
  if (uid !== '' && uid !== found.metadata?.uid) {
    const why =
      `the UID in the bound object reference (${uid}) does not match the UID in record. ` +
      'The object might have been deleted and then recreated';
    throw conflict(named, name, why);
  }
  const itself = claimed(name, found.metadata?.uid);
  if (kind === 'Node') return { node: itself };
  if (kind === 'Secret') return { secret: itself };
  const { spec: podSpec } = found as Pod;
  if ((podSpec?.serviceAccountName ?? 'default') !== account) {
    const why = `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`;
    throw forbidden(namesOf(exchange), account, why);
  }
  const nodeName = podSpec?.nodeName ?? '';
  const node =
    nodeName === '' ? undefined : exchange.gateway.objects.view.get('Node', '', nodeName);
  if (node === undefined) return { pod: itself };
  return { pod: itself, node: claimed(nodeName, node.metadata?.uid) };
}

/** Answers with the token, which is kept nowhere. */
export async function requestToken(exchange: Exchange): Promise<ApiResponse> {
  const { gateway, request, route } = exchange;
  const body = decodeObject(request.body, request.headers['content-type']);
  const kind = body['kind'] ?? NAMED.kind;
  if (kind !== NAMED.kind)
    throw badRequest(`a TokenRequest is needed, not ${JSON.stringify(kind)}`);
  const spec = objectAt(body, '', 'spec') ?? {};
  const seconds = secondsIn(spec);
  const asked = stringsAt(spec, 'spec', 'audiences');
  if (asked.length > AUDIENCES_LIMIT) {
    throw badRequest(`spec.audiences has ${asked.length} items; ${AUDIENCES_LIMIT} are allowed`);
  }
  const audiences = asked.length === 0 ? [ACCOUNT_ISSUER] : asked;
  const caughtUp = await catchUp(exchange);
  const account = (await readNewest(exchange)) as ServiceAccount;
  const bound = boundIn(exchange, spec, caughtUp);
  const nowSeconds = Math.floor(gateway.clock.wallMs() / 1_000);
  const { namespace, name } = route;
  const token = await gateway.accountTokens.sign({
    iss: ACCOUNT_ISSUER,
    sub: `${ACCOUNT_PREFIX}${namespace}:${name}`,
    aud: audiences,
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: nowSeconds + seconds,
    jti: randomUuid(gateway.random),
    [PRIVATE_CLAIMS]: {
      namespace,
      serviceaccount: claimed(name, account.metadata?.uid),
      ...bound,
    },
  });
  if (!token.ok) throw fromSkeinError(token.error, namesOf(exchange), name);
  const expirationTimestamp = timestamp((nowSeconds + seconds) * 1_000);
  return answer(
    exchange,
    {
      kind: NAMED.kind,
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: timestamp(nowSeconds * 1_000) },
      spec: { ...spec, audiences, expirationSeconds: seconds },
      status: { token: token.value, expirationTimestamp },
    },
    201,
  );
}
