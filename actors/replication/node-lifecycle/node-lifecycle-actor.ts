// Writes which nodes are lost and which are back. A role of the zone's leader, not a duty: it must not wait for one.

import type { Store } from '../../../consensus/index.ts';
import type { Node } from 'kubernetes-types/core/v1.d.ts';
import type { Mesh } from '../../../mesh/index.ts';
import type { Actor, Context, Result } from '../../../runtime/index.ts';
import { unreachable } from '../../../runtime/index.ts';
import { dutiesHeldBy } from '../../duties/duty.ts';
import { noteWrites } from '../../duties/notes.ts';
import type { Objects, ObjectWrite, Stored } from '../../objects/objects.ts';
import { evictedNode, lostNode, returnedNode } from './node-judgement.ts';
import { judgeNodes } from './node-verdicts.ts';
import type { NodeCase, Verdict } from './node-verdicts.ts';

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
  /** Verdicts on their way to the log. */
  readonly writing: ReadonlyMap<string, Verdict>;
  /** Lost nodes whose pods have to wait. */
  readonly held: number;
  readonly unsubscribe: () => void;
}

type NodeLifecycleContext = Context<NodeLifecycleMessage>;

const NOTES: Readonly<Record<Verdict, readonly [string, string, (name: string) => string]>> = {
  lose: ['Warning', 'NodeNotReady', (name) => `Node ${name} is lost`],
  hold: [
    'Warning',
    'NodeNotReady',
    (name) => `Node ${name} is lost with many others: its pods are replaced in its turn`,
  ],
  evict: ['Normal', 'NodeEviction', (name) => `Node ${name} is still lost: its pods are replaced`],
  return: ['Normal', 'NodeReady', (name) => `Node ${name} is back`],
};

function nodeAfter(node: Stored<'Node'>, verdict: Verdict, nowMs: number): Node {
  switch (verdict) {
    case 'lose':
      return lostNode(node, nowMs, true);
    case 'hold':
      return lostNode(node, nowMs, false);
    case 'evict':
      return evictedNode(node, nowMs);
    case 'return':
      return returnedNode(node, nowMs);
  }
}

function write(
  state: NodeLifecycleState,
  node: Stored<'Node'>,
  verdict: Verdict,
  peer: string | undefined,
  ctx: NodeLifecycleContext,
): void {
  const { objects, store } = state.args;
  const moment = { nowMs: ctx.clock.wallMs(), random: ctx.random };
  const name = node.metadata?.name ?? '';
  const object = nodeAfter(node, verdict, moment.nowMs);
  const [type, reason, sentence] = NOTES[verdict];
  const note = { type: type as 'Normal' | 'Warning', reason, message: sentence(name) };
  const writes: ObjectWrite[] = [
    { type: 'update', kind: 'Node', object },
    ...noteWrites(objects.view, [{ kind: 'Node', about: node, ...note }], SOURCE, moment),
  ];
  // The dead hold no duties: whoever is next takes them as soon as this is applied.
  const isLoss = verdict === 'lose' || verdict === 'hold';
  const locks = isLoss && peer !== undefined ? dutiesHeldBy(store.view, peer) : [];
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
  const { store } = state.args;
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
  return judgeAll({ ...state, leadsSinceMs }, isSettled, ctx);
}

/** `isSettled`: this leader has been there for long enough to know who is not. */
function judgeAll(
  state: NodeLifecycleState,
  isSettled: boolean,
  ctx: NodeLifecycleContext,
): NodeLifecycleState {
  const { objects, mesh } = state.args;
  const cases = objects.view.list('Node').map((node): NodeCase => {
    const name = node.metadata?.name ?? '';
    const status = mesh.memberNamed(name)?.status ?? (isSettled ? 'unknown' : undefined);
    return { node, status, onItsWay: state.writing.get(name) };
  });
  const { verdicts, held, retryAfterMs } = judgeNodes(cases, ctx.clock.wallMs());
  if (retryAfterMs !== undefined) ctx.after('turn', retryAfterMs, { type: 'look' });
  const writing = new Map(state.writing);
  for (const { node, verdict } of verdicts) {
    const name = node.metadata?.name ?? '';
    write(state, node, verdict, mesh.memberNamed(name)?.peer, ctx);
    writing.set(name, verdict);
  }
  logHeld(state.held, held, ctx);
  return { ...state, held, writing };
}

function logHeld(before: number, held: number, ctx: NodeLifecycleContext): void {
  if (held > 0 && before === 0) {
    ctx.log.warn('many nodes are lost at once: their pods are replaced slowly', { held });
  } else if (held === 0 && before > 0) {
    ctx.log.info('no lost node waits for its turn any more');
  }
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
      writing: new Map(),
      held: 0,
      unsubscribe: () => stops.forEach((stop) => stop()),
    };
  },
  receive: (state, message, ctx) => {
    switch (message.type) {
      case 'look':
        return look(state, ctx);
      case 'written': {
        const outcome = message.outcome.ok ? message.outcome.value : message.outcome;
        const writing = new Map(state.writing);
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
