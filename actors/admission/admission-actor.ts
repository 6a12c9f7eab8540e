// Answers other peers' wishes for admission and certificates; the work itself is admission.ts.

import type { JoinGrant, JoinRequest, Renewal, RenewalWish } from '../../mesh/index.ts';
import type { Actor, ActorRef, Result } from '../../runtime/index.ts';
import type { AccountClaims } from '../objects/account-claims.ts';
import type { Admission } from './admission.ts';
import type { BearerClaims } from './bearer-token.ts';
import type { ClientSubject } from './x509-authority.ts';

/** Path of this actor at every peer. */
export const admissionPath = 'admission';

/** Errors travel as plain data: code and message. */
type Answer<T> = Result<T>;

export type AdmissionMessage =
  | {
      readonly type: 'redeem';
      readonly request: JoinRequest;
      readonly replyTo: ActorRef<Answer<JoinGrant>>;
    }
  | {
      readonly type: 'renew';
      readonly wish: RenewalWish;
      readonly replyTo: ActorRef<Answer<Renewal>>;
    }
  | {
      readonly type: 'sign-bearer';
      readonly claims: BearerClaims;
      readonly replyTo: ActorRef<Answer<string>>;
    }
  | {
      readonly type: 'sign-account';
      readonly claims: AccountClaims;
      readonly replyTo: ActorRef<Answer<string>>;
    }
  | {
      readonly type: 'sign-client';
      readonly request: string;
      readonly subject: ClientSubject;
      readonly replyTo: ActorRef<Answer<string>>;
    };

const knownTypes: ReadonlySet<unknown> = new Set([
  'redeem',
  'renew',
  'sign-bearer',
  'sign-account',
  'sign-client',
] satisfies AdmissionMessage['type'][]);

type Answered = {
  readonly type: 'answered';
  readonly replyTo: ActorRef<Answer<unknown>>;
  readonly answer: Result<Result<unknown>>;
};

export const admissionActor: Actor<AdmissionMessage | Answered, Admission, Admission> = {
  mailboxLimit: 1_000,
  schema: (value) => {
    const { type, replyTo } = (value ?? {}) as {
      type?: unknown;
      replyTo?: Partial<ActorRef<never>>;
    };
    if (!knownTypes.has(type)) return `unknown type ${String(type)}`;
    return typeof replyTo?.tell === 'function' ? undefined : 'nobody to answer';
  },
  // Only its own membership; a token is another matter: who redeems it speaks to the peer that passes it on.
  claimedPeer: (message) => (message.type === 'renew' ? message.wish.peer : undefined),
  start: (admission) => admission,
  receive: (admission, message, ctx) => {
    if (message.type === 'answered') {
      message.replyTo.tell(plain(message.answer.ok ? message.answer.value : message.answer));
      return admission;
    }
    const replyTo = message.replyTo as ActorRef<Answer<unknown>>;
    ctx.run<Result<unknown>>(
      () => answer(admission, message),
      (outcome) => ({ type: 'answered', replyTo, answer: outcome }),
    );
    return admission;
  },
};

function answer(admission: Admission, message: AdmissionMessage): Promise<Result<unknown>> {
  switch (message.type) {
    case 'redeem':
      return admission.redeem(message.request);
    case 'renew':
      return admission.renew(message.wish);
    case 'sign-bearer':
      return admission.signBearer(message.claims);
    case 'sign-account':
      return admission.signAccount(message.claims);
    case 'sign-client':
      return admission.signClient(message.request, message.subject);
  }
}

const plain = (result: Result<unknown>): Answer<unknown> =>
  result.ok
    ? result
    : {
        ok: false,
        error: { code: result.error.code, message: result.error.message } as never,
      };
