// The acceptor's side of a join: shows whom one joins, asks the authority, and says nothing else.

import { randomBytes } from 'node:crypto';
import type { IncomingStreamData } from '@libp2p/interface';
import { asSkeinError, failed, SkeinError } from '../../runtime/index.ts';
import type { Clock, Logger, Result } from '../../runtime/index.ts';
import { sha256 } from '../belonging/ed25519-signer.ts';
import { JOIN_NONCE_BYTES, joinTranscript } from '../belonging/join-transcript.ts';
import type { JoinGrant, JoinRequest } from '../belonging/membership-authority.ts';
import { authorityHash } from '../belonging/token.ts';
import type { AuthorityKeys } from '../belonging/token.ts';
import { limitLines } from '../limited-lines.ts';
import type { PeerId } from '../transport.ts';
import type { AdmissionGate } from './admission-gate.ts';
import { createFramedStream } from './framed-stream.ts';
import { joinHello, joinProof } from './join-messages.ts';

/** Joins under way at once; each costs an entry in the log. */
const JOINS_LIMIT = 16;

export interface JoinAcceptorOptions {
  readonly self: PeerId;
  readonly clock: Clock;
  readonly log: Logger;
  readonly gate: AdmissionGate;
  readonly authority: () => AuthorityKeys;
  readonly certificate: () => Uint8Array;
  readonly redeem: (request: JoinRequest) => Promise<Result<JoinGrant>>;
}

/** Handles streams of the join protocol. */
export function createJoinAcceptor(
  options: JoinAcceptorOptions,
): (data: IncomingStreamData) => void {
  let underWay = 0;
  // Anybody can be refused, any number of times.
  const sayRefused = limitLines(options.log.warn, options.clock);

  const accept = async ({ connection, stream }: IncomingStreamData): Promise<void> => {
    const joiner = connection.remotePeer.toString();
    const framed = createFramedStream(stream);
    const refuse = (error: SkeinError): void => {
      sayRefused('join refused', { peer: joiner, code: error.code, reason: error.message });
      framed.write({ refused: { code: error.code, message: error.message.slice(0, 1024) } });
      framed.end();
      options.gate.dismiss(connection);
    };
    const hello = await framed.read(joinHello);
    const nonce = randomBytes(JOIN_NONCE_BYTES);
    const authority = options.authority();
    framed.write({ v: 1, nonce, authority, certificate: options.certificate() });
    const { proof, ...asked } = await framed.read(joinProof);
    // Not before: who only says hello, and then nothing, must not keep a place from others.
    if (underWay >= JOINS_LIMIT) {
      refuse(new SkeinError('overloaded', `${JOINS_LIMIT} peers are joining here: try again`));
      return;
    }
    options.gate.extend(connection);
    const transcript = joinTranscript({
      authorityHash: authorityHash(authority, sha256),
      joiner,
      acceptor: options.self,
      joinerNonce: hello.nonce,
      acceptorNonce: nonce,
    });
    const request = { ...asked, peer: joiner, proof, transcript };
    underWay += 1;
    const verdict = await options
      .redeem(request)
      .catch((error) => failed(asSkeinError(error)))
      .finally(() => (underWay -= 1));
    if (!verdict.ok) {
      refuse(verdict.error);
      return;
    }
    options.log.info('peer joined', { peer: joiner, name: asked.name, zone: verdict.value.zone });
    framed.write({ granted: verdict.value });
    framed.end();
  };

  return (data) => {
    accept(data).catch((error: unknown) => {
      options.log.debug('join broken off', { error: String(error) });
      data.stream.abort(asSkeinError(error));
    });
  };
}
