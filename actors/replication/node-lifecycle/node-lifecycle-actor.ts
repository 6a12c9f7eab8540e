// Writes which nodes are lost and which are back. A role of the zone's leader, not a duty: it must not wait for one.

import type { Store } from '../../../consensus/index.ts';
import type { Mesh } from '../../../mesh/index.ts';
import type { Actor, Context, Result } from '../../../runtime/index.ts';
import { unreachable } from '../../../runtime/index.ts';
import { dutiesHeldBy } from '../../duties/duty.ts';
import { noteWrites } from '../../duties/notes.ts';
import type { Objects, ObjectWrite, Stored } from '../../objects/objects.ts';
import { judge, lostNode, returnedNode } from './node-judgement.ts';

/** A node whose peer a new leader has never heard of counts as lost after this time in office. */
export const UNKNOWN_GRACE_MS = 10_000;
/** A leader further than this from its quorum decides nothing: it may be the one that is cut off. */
const STALE_LIMIT_MS = 1_500;
const RETRY_MS = 250;
const SOURCE = 'node-lifecycle';

export interface NodeLifecycleArguments {
  readonly store: Store;
  readonly objects: Objects;
  readonly mesh: Pick<Mesh, 'memberNamed' | 'members' | 'onMember'>;
}

export type NodeLifecycleMessage =
  | { readonly type: 'look' }
  | { readonly type: 'written'; readonly node: string; readonly outcome: Result<Result<unknown>> };

interface NodeLifecycleState {
  readonly args: NodeLifecycleArguments;
  /** Since when this peer leads, on the monotonic clock. */
  readonly leadsSinceMs: number | undefined;
  readonly writing: ReadonlySet<string>;
  readonly unsubscribe: () => void;
}

type NodeLifecycleContext = Context<NodeLifecycleMessage>;

function write(
  state: NodeLifecycleState,
  node: Stored<'Node'>,
  verdict: 'lose' | 'return',
  peer: string | undefined,
  ctx: NodeLifecycleContext,
): void {
  const { objects, store } = state.args;
  const moment = { nowMs: ctx.clock.wallMs(), random: ctx.random };
  const name = node.metadata?.name ?? '';
  const object =
    verdict === 'lose' ? lostNode(node, moment.nowMs) : returnedNode(node, moment.nowMs);
  const note =
    verdict === 'lose'
      ? { type: 'Warning' as const, reason: 'NodeNotReady', message: `Node ${name} is lost` }
      : { type: 'Normal' as const, reason: 'NodeReady', message: `Node ${name} is back` };
  const writes: ObjectWrite[] = [
    { type: 'update', kind: 'Node', object },
    ...noteWrites(objects.view, [{ kind: 'Node', about: node, ...note }], SOURCE, moment),
  ];
  // The dead hold no duties: whoever is next takes them as soon as this is applied.
  const locks = verdict === 'lose' && peer !== undefined ? dutiesHeldBy(store.view, peer) : [];
  const also = {
    compare: locks.map(({ key, createRevision }) => ({
      target: 'create' as const,
      key,
      is: '=' as const,
      to: createRevision,
    })),
    success: locks.map(({ key }) => ({ type: 'delete' as const, key })),
  };
  ctx.log.info(note.message, { node: name, duties: locks.length });
  ctx.run(
    () => objects.write(writes, also),
    (outcome) => ({ type: 'written', node: name, outcome }),
  );
}

function look(state: NodeLifecycleState, ctx: NodeLifecycleContext): NodeLifecycleState {
  const { store, objects, mesh } = state.args;
  const status = store.status();
  if (status.role !== 'leader') return { ...state, leadsSinceMs: undefined };
  const nowMs = ctx.clock.monotonicMs();
  const leadsSinceMs = state.leadsSinceMs ?? nowMs;
  if (status.staleMs > STALE_LIMIT_MS) {
    ctx.after('retry', RETRY_MS, { type: 'look' });
    return { ...state, leadsSinceMs };
  }
  const isSettled = nowMs - leadsSinceMs >= UNKNOWN_GRACE_MS;
  if (!isSettled) {
    ctx.after('settled', UNKNOWN_GRACE_MS - (nowMs - leadsSinceMs), { type: 'look' });
  }
  const writing = new Set(state.writing);
  for (const node of objects.view.list('Node')) {
    const name = node.metadata?.name ?? '';
    const member = mesh.memberNamed(name);
    if ((member === undefined && !isSettled) || writing.has(name)) continue;
    const verdict = judge(node, member?.status ?? 'unknown');
    if (verdict === 'leave') continue;
    write(state, node, verdict, member?.peer, ctx);
    writing.add(name);
  }
  return { ...state, leadsSinceMs, writing };
}

/** One on every peer; it acts only on the one that leads. */
export const nodeLifecycleActor: Actor<
  NodeLifecycleMessage,
  NodeLifecycleState,
  NodeLifecycleArguments
> = {
  start: (args, ctx) => {
    const wake = (): void => ctx.self.tell({ type: 'look' });
    const stops = [
      args.store.onStatus(wake),
      args.mesh.onMember((event) => {
        if (event.type === 'status') wake();
      }),
      args.objects.view.watch(['Node'], ({ object, previous }) => {
        // A node that registers after its peer was lost; status reports are no reason to look.
        if (object !== undefined && previous === undefined) wake();
      }),
    ];
    wake();
    return {
      args,
      leadsSinceMs: undefined,
      writing: new Set(),
      unsubscribe: () => stops.forEach((stop) => stop()),
    };
  },
  receive: (state, message, ctx) => {
    switch (message.type) {
      case 'look':
        return look(state, ctx);
      case 'written': {
        const outcome = message.outcome.ok ? message.outcome.value : message.outcome;
        const writing = new Set(state.writing);
        writing.delete(message.node);
        const next = { ...state, writing };
        if (outcome.ok) return look(next, ctx);
        const { code, message: error } = outcome.error;
        ctx.log.warn('a verdict on a node was not written', { node: message.node, code, error });
        ctx.after('retry', RETRY_MS, { type: 'look' });
        return next;
      }
      default:
        return unreachable(message);
    }
  },
  stopped: (state) => state.unsubscribe(),
};
