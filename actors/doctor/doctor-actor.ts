// Answers the doctor of any peer with this peer's account.

import type { Actor, ActorRef } from '../../runtime/index.ts';
import { accountOf } from './peer-account.ts';
import type { AccountSource, PeerAccount } from './peer-account.ts';

/** Path of this actor at every peer. */
export const doctorPath = 'doctor';

export interface DoctorMessage {
  readonly type: 'account';
  readonly replyTo: ActorRef<PeerAccount>;
}

export const doctorActor: Actor<DoctorMessage, AccountSource, AccountSource> = {
  mailboxLimit: 1_000,
  schema: (value) => {
    const { type, replyTo } = (value ?? {}) as { type?: unknown; replyTo?: { tell?: unknown } };
    if (type !== 'account') return `unknown type ${String(type)}`;
    return typeof replyTo?.tell === 'function' ? undefined : 'nobody to answer';
  },
  start: (source) => source,
  receive: (source, { replyTo }, ctx) => {
    replyTo.tell(accountOf(source, ctx.clock.wallMs(), ctx.clock.monotonicMs()));
    return source;
  },
};
