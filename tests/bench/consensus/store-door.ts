// Reaching a store without a replica of one's own: one mesh request for each operation, one answer for each.

import type { Store } from '../../../consensus/index.ts';
import { formatAddress } from '../../../runtime/index.ts';
import type { Actor, ActorRef, ActorSystem, Result } from '../../../runtime/index.ts';
import { operateOn } from './closed-loops.ts';
import type { Operate } from './closed-loops.ts';
import { deadlineMs } from './contender.ts';
import type { LoadKind } from './contender.ts';

const doorPath = 'store-door';

interface Request {
  readonly type: 'operate';
  readonly kind: LoadKind;
  readonly key: string;
  readonly value: string;
  readonly replyTo: ActorRef<Reply>;
}

interface Reply {
  readonly value?: string;
  readonly failure?: string;
}

/** Serves a voter's store to peers that have none. */
export function openDoor(system: ActorSystem, store: Store): void {
  const operate = operateOn(store);
  const door: Actor<Request, undefined> = {
    mailboxLimit: 10_000,
    schema: (message) =>
      (message as Partial<Request>).type === 'operate' ? undefined : 'not an operation',
    start: () => undefined,
    receive: (state, { kind, key, value, replyTo }) => {
      void operate(kind, key, value).then((reply) => replyTo.tell(reply));
      return state;
    },
  };
  system.spawn(doorPath, door, undefined);
}

type Asking =
  | {
      readonly type: 'ask';
      readonly request: Omit<Request, 'replyTo'>;
      readonly settle: (reply: Reply) => void;
    }
  | {
      readonly type: 'answered';
      readonly reply: Result<Reply>;
      readonly settle: (reply: Reply) => void;
    };

/** Operations at the door of `peer`. */
export function askAtDoor(system: ActorSystem, peer: string): Operate {
  const target = system.ref<Request>(formatAddress({ peer, path: doorPath }));
  const asker: Actor<Asking, undefined> = {
    start: () => undefined,
    receive: (state, message, ctx) => {
      const { settle } = message;
      if (message.type === 'answered') {
        const { reply } = message;
        settle(reply.ok ? reply.value : { failure: reply.error.message });
      } else {
        ctx.ask(
          target,
          (replyTo): Request => ({ ...message.request, replyTo }),
          deadlineMs,
          (reply: Result<Reply>): Asking => ({ type: 'answered', reply, settle }),
        );
      }
      return state;
    },
  };
  const self = system.spawn(`asker-${peer}-${++askers}`, asker, undefined);
  return (kind, key, value) =>
    new Promise((settle) =>
      self.tell({ type: 'ask', request: { type: 'operate', kind, key, value }, settle }),
    );
}

let askers = 0;
