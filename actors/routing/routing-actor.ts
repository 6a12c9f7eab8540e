// Keeps a front open for each port of each Service on this peer's own address, and the routes behind it fresh.
//
//   Services, slices, members --changed--> rebuild routes --> open and close fronts
//   connection at a front --(not through the mailbox)--> forwarder --> endpoint

import type { Duplex } from 'node:stream';
import type { Mesh } from '../../mesh/index.ts';
import type { Actor, Context, Result } from '../../runtime/index.ts';
import { memberOfNode } from '../objects/node-member.ts';
import type { ObjectView } from '../objects/objects.ts';
import type { Balancer } from './balancer.ts';
import type { Forwarder } from './forwarder.ts';
import type { FrontListener, Listening } from './front-listener.ts';
import { buildRoutes } from './route-table.ts';
import type { Route } from './route-table.ts';

/** Changes within this time are taken together. */
const settleMs = 20;
/** A front that could not be opened is tried again after this. */
const retryMs = 5_000;

export interface RoutingOptions {
  readonly view: ObjectView;
  readonly mesh: Pick<Mesh, 'member' | 'memberNamed' | 'onMember'>;
  readonly listener: FrontListener;
  readonly forwarder: Forwarder;
  readonly balancer: Balancer;
  /** The address of this peer's fronts and NodePorts. */
  readonly nodeAddress: string;
  readonly fronts: FrontBoard;
}

/** A Service port as it can be reached at this peer. */
export interface Front {
  readonly namespace: string;
  readonly service: string;
  readonly portName: string;
  readonly port: number;
  /** `HOST:PORT`. */
  readonly address: string;
  readonly endpoints: number;
}

/** What the gateway and the status page read. */
export interface FrontBoard {
  fronts: readonly Front[];
}

export const createFrontBoard = (): FrontBoard => ({ fronts: [] });

export type RoutingMessage =
  | { readonly type: 'changed' }
  | { readonly type: 'rebuild' }
  | {
      readonly type: 'opened';
      readonly slot: string;
      readonly wanted: number;
      readonly outcome: Result<Result<Listening>>;
    };

/** A socket of a route: one for its own port, one more for its NodePort. */
interface Slot {
  readonly routeKey: string;
  readonly isNodePort: boolean;
  listening: Listening | undefined;
}

interface RoutingState extends RoutingOptions {
  routes: ReadonlyMap<string, Route>;
  readonly slots: Map<string, Slot>;
  readonly stops: readonly (() => void)[];
  isDirty: boolean;
}

export const routingActor: Actor<RoutingMessage, RoutingState, RoutingOptions> = {
  start: (options, ctx) => {
    const changed = (): void => ctx.self.tell({ type: 'changed' });
    const stops = [
      options.view.watch(['Service', 'EndpointSlice'], changed),
      options.mesh.onMember((event) => {
        if (event.type === 'status' || event.keys.includes('unready')) changed();
      }),
    ];
    const state: RoutingState = {
      ...options,
      routes: new Map(),
      slots: new Map(),
      stops,
      isDirty: false,
    };
    rebuild(state, ctx);
    return state;
  },
  receive: (state, message, ctx) => {
    switch (message.type) {
      case 'changed':
        // The first change is taken at once, what follows closely after it together.
        if (!state.isDirty) {
          state.isDirty = true;
          ctx.after('rebuild', settleMs, { type: 'rebuild' });
          rebuild(state, ctx);
        }
        break;
      case 'rebuild':
        state.isDirty = false;
        rebuild(state, ctx);
        break;
      case 'opened':
        opened(state, ctx, message);
        break;
    }
    return state;
  },
  stopped: (state) => {
    for (const stop of state.stops) stop();
    for (const { listening } of state.slots.values()) listening?.close();
  },
};

type Ctx = Context<RoutingMessage>;

function rebuild(state: RoutingState, ctx: Ctx): void {
  const { view, mesh } = state;
  // Suspicion is enough to stop sending there; a node nobody knows of may just be new to this peer.
  const isReachable = (node: string): boolean => {
    const status = memberOfNode(view, mesh, node)?.status;
    return status === undefined || status === 'alive';
  };
  const isDoubted = (node: string, podUid: string): boolean =>
    memberOfNode(view, mesh, node)?.facts.unready?.includes(podUid) === true;
  const [services, slices] = [view.list('Service'), view.list('EndpointSlice')];
  const routes = buildRoutes(services, slices, isReachable, isDoubted);
  state.routes = new Map(routes.map((route) => [route.key, route]));
  state.balancer.keep(new Set(state.routes.keys()));
  closeStale(state);
  for (const route of routes) {
    openSlot(state, ctx, route, route.port, false);
    if (route.nodePort !== undefined) openSlot(state, ctx, route, route.nodePort, true);
  }
  post(state);
}

function closeStale(state: RoutingState): void {
  for (const [name, slot] of state.slots) {
    const route = state.routes.get(slot.routeKey);
    const isWanted = route !== undefined && (!slot.isNodePort || name === slotName(route, true));
    if (isWanted) continue;
    slot.listening?.close();
    state.slots.delete(name);
  }
}

const slotName = (route: Route, isNodePort: boolean): string =>
  isNodePort ? `${route.key} nodePort ${route.nodePort}` : route.key;

function openSlot(
  state: RoutingState,
  ctx: Ctx,
  route: Route,
  port: number,
  isNodePort: boolean,
): void {
  const slot = slotName(route, isNodePort);
  if (state.slots.has(slot)) return;
  state.slots.set(slot, { routeKey: route.key, isNodePort, listening: undefined });
  listen(state, ctx, slot, route.key, port);
}

function listen(
  state: RoutingState,
  ctx: Ctx,
  slot: string,
  routeKey: string,
  wanted: number,
): void {
  const onConnection = (connection: Duplex): void =>
    void state.forwarder.accept(state.routes.get(routeKey), connection);
  ctx.run<Result<Listening>>(
    async (signal) => {
      const listening = await state.listener.listen(state.nodeAddress, wanted, onConnection);
      // Nobody hears of it any more: the port must be free for whoever comes next.
      if (signal.aborted && listening.ok) listening.value.close();
      return listening;
    },
    (outcome) => ({ type: 'opened', slot, wanted, outcome }),
  );
}

function opened(
  state: RoutingState,
  ctx: Ctx,
  { slot: name, wanted, outcome }: Extract<RoutingMessage, { type: 'opened' }>,
): void {
  const slot = state.slots.get(name);
  const result = outcome.ok ? outcome.value : outcome;
  // The route went, or came back meanwhile and has what it needs.
  if (slot === undefined || slot.listening !== undefined) {
    if (result.ok) result.value.close();
    return;
  }
  if (result.ok) {
    slot.listening = result.value;
    return post(state);
  }
  const isTaken = result.error.code === 'conflict' || result.error.code === 'forbidden';
  if (isTaken && !slot.isNodePort && wanted !== 0) {
    ctx.log.info('a front takes another port', { front: name, reason: result.error.message });
    return listen(state, ctx, name, slot.routeKey, 0);
  }
  ctx.log.warn('a front cannot be opened', { front: name, reason: result.error.message });
  state.slots.delete(name);
  ctx.after('retry', retryMs, { type: 'rebuild' });
}

function post(state: RoutingState): void {
  state.fronts.fronts = [...state.slots.values()].flatMap((slot) => {
    const route = state.routes.get(slot.routeKey);
    if (route === undefined || slot.listening === undefined) return [];
    const { namespace, service, portName, port, endpoints } = route;
    const address = `${state.nodeAddress}:${slot.listening.port}`;
    return [{ namespace, service, portName, port, address, endpoints: endpoints.length }];
  });
}
