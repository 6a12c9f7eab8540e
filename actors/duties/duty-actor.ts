// One peer's seat for one duty: takes the lock when it should, works while the lease is surely alive, stops first.
//
//            lock free and this peer is best placed          lock taken
//    idle ------------------------------------> acquiring ----------------> holding
//     ^                                            | refused, failed           |
//     +--------------------------------------------+                           |
//     +------------------------------------------------------------------------+
//        lock gone or of another, lease not renewed in time, work ended: the work is stopped, then the lease ended

import type { Lease, Store } from '../../consensus/index.ts';
import type { Mesh } from '../../mesh/index.ts';
import type { Actor, ActorRef, Context, Result } from '../../runtime/index.ts';
import { parseAddress, unreachable } from '../../runtime/index.ts';
import type { DutyDefinition, Fence } from './duty.ts';
import { dutyKey, parseHolder } from './duty.ts';
import { rendezvousOrder } from './placement.ts';

/** Term of a duty's lease. A holder that cannot reach a quorum stops within this time. */
export const DUTY_LEASE_MS = 5_000;
/** Three tries to renew fit in a term. */
const RENEW_EVERY_MS = DUTY_LEASE_MS / 4;
const RENEW_DEADLINE_MS = DUTY_LEASE_MS / 4;
/** Stop this long before the lease can have ended at the leader: clocks drift, turns take time. */
const SAFETY_MS = DUTY_LEASE_MS / 10;
const RETRY_MS = 300;
/** A peer of rank n steps in for those before it after n times this, if the lock is still free. */
const STAND_IN_MS = 1_000;

export interface DutySeat {
  readonly definition: DutyDefinition;
  readonly store: Store;
  readonly mesh: Pick<Mesh, 'self' | 'members' | 'onMember'>;
}

export type DutyMessage =
  /** Gives the duty up for good: the peer leaves or closes. */
  | { readonly type: 'resign' }
  | { readonly type: 'look' }
  | { readonly type: 'stand-in' }
  | {
      readonly type: 'granted';
      readonly askedAtMs: number;
      readonly outcome: Result<Lease>;
    }
  | { readonly type: 'taken'; readonly outcome: Result<boolean> }
  | { readonly type: 'renew' }
  | {
      readonly type: 'renewed';
      readonly leaseId: number;
      readonly askedAtMs: number;
      readonly outcome: Result<Lease>;
    }
  | { readonly type: 'expired' }
  | { readonly type: 'revoked' };

interface Tenure {
  readonly leaseId: number;
  /** On the monotonic clock: the work has stopped by then, whatever happens. */
  readonly validUntilMs: number;
}

interface DutyState {
  readonly seat: DutySeat;
  readonly unsubscribe: () => void;
  readonly phase: 'idle' | 'acquiring' | 'holding' | 'resigned';
  readonly tenure?: Tenure;
  readonly fence?: Fence;
  readonly work?: ActorRef<never>;
  /** A stand-in timer runs; it must not be restarted by every look. */
  readonly standingIn: boolean;
}

type DutyContext = Context<DutyMessage>;

const LOOK: DutyMessage = { type: 'look' };

/** Live peers of this peer's zone but witnesses; this peer always counts, also before its facts are spread. */
function candidates(mesh: DutySeat['mesh']): readonly string[] {
  const members = mesh.members();
  const zone = members.find(({ peer }) => peer === mesh.self)?.facts.zone;
  return members
    .filter(({ peer, status, facts }) => {
      const isHere = status === 'alive' && facts.zone === zone && facts.isWitness !== true;
      return peer === mesh.self || isHere;
    })
    .map(({ peer }) => peer);
}

function idle(state: DutyState): DutyState {
  const { seat, unsubscribe, standingIn } = state;
  return { seat, unsubscribe, standingIn, phase: 'idle' };
}

function revoke(state: DutyState, leaseId: number, ctx: DutyContext): void {
  ctx.run(
    () => state.seat.store.revokeLease(leaseId),
    () => ({ type: 'revoked' }),
  );
}

/** Stops the work before anything else, then gives the lease back. */
function giveUp(state: DutyState, reason: string, ctx: DutyContext): DutyState {
  if (state.work !== undefined) ctx.stop(state.work);
  ctx.cancel('renew');
  ctx.cancel('expired');
  if (state.fence !== undefined) {
    ctx.log.info('duty given up', { duty: state.seat.definition.name, reason });
  }
  if (state.tenure !== undefined) revoke(state, state.tenure.leaseId, ctx);
  return idle(state);
}

function acquire(state: DutyState, ctx: DutyContext): DutyState {
  const askedAtMs = ctx.clock.monotonicMs();
  ctx.run(
    () => state.seat.store.grantLease(DUTY_LEASE_MS),
    (outcome) => ({ type: 'granted', askedAtMs, outcome: flatten(outcome) }),
  );
  return { ...idle(state), phase: 'acquiring' };
}

function flatten<T>(outcome: Result<Result<T>>): Result<T> {
  return outcome.ok ? outcome.value : outcome;
}

/** The lock is or may be free: take it now, or stand in later for those better placed. */
function lookAtFree(state: DutyState, ctx: DutyContext): DutyState {
  const { definition, mesh } = state.seat;
  const rank = rendezvousOrder(definition.name, candidates(mesh)).indexOf(mesh.self);
  if (rank === 0) return acquire(state, ctx);
  if (state.standingIn) return state;
  ctx.after('stand-in', rank * STAND_IN_MS, { type: 'stand-in' });
  return { ...state, standingIn: true };
}

function look(state: DutyState, ctx: DutyContext): DutyState {
  const lock = state.seat.store.view.get(dutyKey(state.seat.definition.name));
  if (state.phase === 'holding') {
    if (lock?.createRevision === state.fence?.createRevision) return state;
    return look(giveUp(state, 'the lock was taken away', ctx), ctx);
  }
  if (state.phase !== 'idle') return state;
  if (lock === undefined) return lookAtFree(state, ctx);
  ctx.cancel('stand-in');
  const holder = parseHolder(lock.value);
  // Left by an earlier life of this peer: nobody renews it, so end it now instead of waiting.
  if (holder?.peer === state.seat.mesh.self) {
    revoke(state, holder.leaseId, ctx);
    ctx.after('look', DUTY_LEASE_MS, LOOK);
  }
  return { ...state, standingIn: false };
}

function granted(
  state: DutyState,
  message: Extract<DutyMessage, { type: 'granted' }>,
  ctx: DutyContext,
): DutyState {
  if (!message.outcome.ok) return retry(state, ctx);
  const lease = message.outcome.value;
  if (state.phase !== 'acquiring') {
    revoke(state, lease.id, ctx);
    return state;
  }
  const { definition, store, mesh } = state.seat;
  const key = dutyKey(definition.name);
  const value = JSON.stringify({ peer: mesh.self, leaseId: lease.id });
  ctx.run(
    () =>
      store.transact({
        compare: [{ target: 'create', key, is: '=', to: 0 }],
        success: [{ type: 'put', key, value, lease: lease.id }],
      }),
    (outcome) => {
      const flat = flatten(outcome);
      return {
        type: 'taken',
        outcome: flat.ok ? { ok: true, value: flat.value.succeeded } : flat,
      };
    },
  );
  const validUntilMs = message.askedAtMs + lease.ttlMs - SAFETY_MS;
  return { ...state, tenure: { leaseId: lease.id, validUntilMs } };
}

function taken(state: DutyState, outcome: Result<boolean>, ctx: DutyContext): DutyState {
  const { seat, tenure } = state;
  if (state.phase !== 'acquiring' || tenure === undefined) return state;
  const key = dutyKey(seat.definition.name);
  const lock = seat.store.view.get(key);
  const isOurs = outcome.ok && outcome.value && lock?.lease === tenure.leaseId;
  const leftMs = tenure.validUntilMs - ctx.clock.monotonicMs();
  if (!isOurs || leftMs <= 0) return retry(giveUp(state, 'the lock was not taken', ctx), ctx);
  const fence = { key, createRevision: lock.createRevision };
  const work = seat.definition.spawn(ctx.spawn, fence);
  ctx.after('renew', RENEW_EVERY_MS, { type: 'renew' });
  ctx.after('expired', leftMs, { type: 'expired' });
  ctx.log.info('duty taken', { duty: seat.definition.name, fence: fence.createRevision });
  return { ...state, phase: 'holding', fence, work };
}

function renew(state: DutyState, ctx: DutyContext): DutyState {
  const { tenure, seat } = state;
  if (state.phase !== 'holding' || tenure === undefined) return state;
  const askedAtMs = ctx.clock.monotonicMs();
  ctx.run(
    () => seat.store.keepLease(tenure.leaseId, RENEW_DEADLINE_MS),
    (outcome) => ({
      type: 'renewed',
      leaseId: tenure.leaseId,
      askedAtMs,
      outcome: flatten(outcome),
    }),
  );
  return state;
}

function renewed(
  state: DutyState,
  message: Extract<DutyMessage, { type: 'renewed' }>,
  ctx: DutyContext,
): DutyState {
  if (state.phase !== 'holding' || state.tenure?.leaseId !== message.leaseId) return state;
  const { outcome } = message;
  if (!outcome.ok) {
    if (outcome.error.code === 'not-found') {
      return retry(giveUp(state, 'the lease has ended', ctx), ctx);
    }
    ctx.after('renew', RETRY_MS, { type: 'renew' });
    return state;
  }
  const validUntilMs = message.askedAtMs + outcome.value.ttlMs - SAFETY_MS;
  const leftMs = validUntilMs - ctx.clock.monotonicMs();
  if (leftMs <= 0) return retry(giveUp(state, 'renewed too late', ctx), ctx);
  ctx.after('expired', leftMs, { type: 'expired' });
  ctx.after('renew', RENEW_EVERY_MS, { type: 'renew' });
  return { ...state, tenure: { ...state.tenure, validUntilMs } };
}

function retry(state: DutyState, ctx: DutyContext): DutyState {
  ctx.after('look', RETRY_MS + ctx.random.integer(RETRY_MS), LOOK);
  return state.phase === 'acquiring' ? idle(state) : state;
}

/** The seat of one duty on this peer; spawn one for each duty on every peer. */
export const dutyActor: Actor<DutyMessage, DutyState, DutySeat> = {
  start: (seat, ctx) => {
    const wake = (): void => ctx.self.tell(LOOK);
    const key = dutyKey(seat.definition.name);
    const view = seat.store.view;
    const stopWatch = seat.store.watch(key, `${key}\0`, view.revision(), {
      events: wake,
      ended: wake,
    });
    const stopMembers = seat.mesh.onMember((event) => {
      if (event.type === 'status') wake();
    });
    wake();
    return {
      seat,
      phase: 'idle',
      standingIn: false,
      unsubscribe: () => {
        stopWatch();
        stopMembers();
      },
    };
  },
  receive: (state, message, ctx) => {
    if (state.phase === 'resigned') return state;
    switch (message.type) {
      case 'look':
        return look(state, ctx);
      case 'stand-in': {
        const lock = state.seat.store.view.get(dutyKey(state.seat.definition.name));
        const rested = { ...state, standingIn: false };
        return state.phase === 'idle' && lock === undefined ? acquire(rested, ctx) : rested;
      }
      case 'granted':
        return granted(state, message, ctx);
      case 'taken':
        return taken(state, message.outcome, ctx);
      case 'renew':
        return renew(state, ctx);
      case 'renewed':
        return renewed(state, message, ctx);
      case 'expired':
        return state.phase === 'holding'
          ? retry(giveUp(state, 'the lease was not renewed in time', ctx), ctx)
          : state;
      case 'revoked':
        return look(state, ctx);
      case 'resign':
        ctx.cancel('look');
        ctx.cancel('stand-in');
        return { ...giveUp(state, 'this peer resigns', ctx), phase: 'resigned' };
      default:
        return unreachable(message);
    }
  },
  signal: (state, signal, ctx) => {
    // The work ended by itself; a holder without work would block the duty for everybody.
    if (signal.type !== 'child-stopped' || state.work === undefined) return state;
    const current = parseAddress(state.work.address)?.path.split('/').at(-1);
    if (signal.name !== current) return state;
    return retry(giveUp(state, 'the work ended', ctx), ctx);
  },
  stopped: (state) => state.unsubscribe(),
};
