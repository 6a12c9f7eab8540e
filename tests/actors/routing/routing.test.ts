import assert from 'node:assert/strict';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { createBalancer } from '../../../actors/routing/balancer.ts';
import { createForwarder } from '../../../actors/routing/forwarder.ts';
import { createNetFrontListener } from '../../../actors/routing/net-front-listener.ts';
import { buildRoutes } from '../../../actors/routing/route-table.ts';
import type { Route } from '../../../actors/routing/route-table.ts';
import type { PodStreams } from '../../../actors/objects/pod-streams.ts';
import type { Stored } from '../../../actors/objects/objects.ts';
import type { Listening } from '../../../actors/routing/front-listener.ts';
import { createFrontBoard, routingActor } from '../../../actors/routing/routing-actor.ts';
import {
  createActorSystem,
  createRingLogger,
  createSimulation,
  createSystemClock,
  failed,
  ok,
  SkeinError,
} from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';

const service = (over: object = {}): Stored<'Service'> => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    clusterIP: '10.96.0.1',
    ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
    ...over,
  },
});
const slice = (nodes: readonly string[], ready = true): Stored<'EndpointSlice'> => ({
  addressType: 'IPv4',
  metadata: { name: 's', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints: nodes.map((nodeName) => ({
    addresses: ['127.70.0.9'],
    conditions: { ready },
    nodeName,
    targetRef: { kind: 'Pod', uid: `pod-on-${nodeName}` },
  })),
});

describe('the route table', () => {
  it('leads a port to the ready pods behind it, by their own port', () => {
    const [route] = buildRoutes([service()], [slice(['a', 'b'])], () => true);
    assert.equal(route?.key, 'default/web:80');
    assert.deepEqual(
      route.endpoints.map(({ node, port }) => [node, port]),
      [
        ['a', 8080],
        ['b', 8080],
      ],
    );
  });

  it('leaves out pods that are not ready and nodes that are suspected', () => {
    const notReady = buildRoutes([service()], [slice(['a'], false)], () => true);
    assert.deepEqual(notReady[0]?.endpoints, []);
    const suspected = buildRoutes([service()], [slice(['a', 'b'])], (node) => node !== 'a');
    assert.deepEqual(
      suspected[0]?.endpoints.map(({ node }) => node),
      ['b'],
    );
  });

  it('leaves out pods that their own peer says do not serve, unless the Service wants those too', () => {
    const isDoubted = (node: string, podUid: string): boolean =>
      node === 'a' && podUid === 'pod-on-a';
    const endpoints = (over: object) =>
      buildRoutes([service(over)], [slice(['a', 'b'])], () => true, isDoubted)[0]?.endpoints;
    assert.deepEqual(
      endpoints({})?.map(({ node }) => node),
      ['b'],
    );
    assert.equal(endpoints({ publishNotReadyAddresses: true })?.length, 2);
  });

  it('has no route for headless Services and external names', () => {
    assert.deepEqual(
      buildRoutes([service({ clusterIP: 'None' })], [], () => true),
      [],
    );
    assert.deepEqual(
      buildRoutes([service({ type: 'ExternalName' })], [], () => true),
      [],
    );
  });
});

describe('the balancer', () => {
  it('begins with the next endpoint each time and keeps the others behind it', () => {
    const balancer = createBalancer();
    const endpoints = ['a', 'b', 'c'].map((node) => ({ node, podUid: node, port: 1 }));
    const order = () => balancer.order('r', endpoints).map(({ node }) => node);
    assert.deepEqual(
      [order(), order(), order(), order()].map((nodes) => nodes.join('')),
      ['abc', 'bca', 'cab', 'abc'],
    );
    assert.deepEqual(balancer.order('r', []), []);
  });
});

describe('a front', () => {
  const clock = createSystemClock();

  /** A pod that answers with its name, and half-closes. */
  async function pod(name: string) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.once('data', (data) => socket.end(`${name}:${data.toString()}`));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, close: () => server.close() };
  }

  async function answerAt(port: number, text: string): Promise<string> {
    const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(text);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    await once(socket, 'close').catch(() => undefined);
    return answer;
  }

  const routeTo = (ports: Readonly<Record<string, number>>): Route => ({
    key: 'default/web:80',
    namespace: 'default',
    service: 'web',
    portName: 'http',
    port: 80,
    nodePort: undefined,
    endpoints: Object.entries(ports).map(([node, port]) => ({ node, podUid: node, port })),
  });
  const streams: Pick<PodStreams, 'connect'> = {
    connect: async ({ node }, port) => {
      if (node === 'gone') return failed(new SkeinError('unavailable', 'no such peer'));
      const socket: Socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
      await once(socket, 'connect');
      return ok(socket);
    },
  };

  it('carries bytes both ways and tries the next endpoint when one cannot be reached', async () => {
    const web = await pod('web');
    const forwarder = createForwarder(streams as PodStreams, createBalancer(), clock);
    const route = routeTo({ gone: 1, here: web.port });
    const listening = await createNetFrontListener().listen(
      '127.0.0.1',
      0,
      (connection) => void forwarder.accept(route, connection),
    );
    assert.ok(listening.ok);
    assert.equal(await answerAt(listening.value.port, 'one'), 'web:one');
    assert.equal(await answerAt(listening.value.port, 'two'), 'web:two');
    assert.equal(forwarder.counters.failedAttempts, 1);
    listening.value.close();
    web.close();
  });

  it('closes the connection when nothing is behind the route', async () => {
    const forwarder = createForwarder(streams as PodStreams, createBalancer(), clock);
    const listening = await createNetFrontListener().listen(
      '127.0.0.1',
      0,
      (connection) => void forwarder.accept(routeTo({}), connection),
    );
    assert.ok(listening.ok);
    assert.equal(await answerAt(listening.value.port, 'x'), '');
    assert.equal(forwarder.counters.refused, 1);
    listening.value.close();
  });

  it('says which port is taken', async () => {
    const listener = createNetFrontListener();
    const first = await listener.listen('127.0.0.1', 0, () => undefined);
    assert.ok(first.ok);
    const second = await listener.listen('127.0.0.1', first.value.port, () => undefined);
    assert.ok(!second.ok && second.error.code === 'conflict');
    assert.match(second.error.message, new RegExp(`127\\.0\\.0\\.1:${first.value.port}`));
    first.value.close();
  });

  it('tries the next endpoint when reaching one throws', async () => {
    const web = await pod('web');
    const connect: PodStreams['connect'] = (target, port) =>
      target.node === 'odd' ? Promise.reject(new Error('broken')) : streams.connect(target, port);
    const forwarder = createForwarder({ connect } as PodStreams, createBalancer(), clock);
    const route = routeTo({ odd: 1, here: web.port });
    const listening = await createNetFrontListener().listen(
      '127.0.0.1',
      0,
      (connection) => void forwarder.accept(route, connection),
    );
    assert.ok(listening.ok);
    assert.equal(await answerAt(listening.value.port, 'one'), 'web:one');
    listening.value.close();
    web.close();
  });

  it('is closed when it opens after its peer has stopped', async () => {
    const simulation = createSimulation(1);
    const { clock: simulated, random, dispatcher } = simulation.peer('a');
    const log = createRingLogger(simulated, 10);
    const system = createActorSystem({
      peer: 'a',
      clock: simulated,
      random,
      dispatcher,
      log,
      onFailure: () => undefined,
    });
    let isClosed = false;
    let opened: (listening: Result<Listening>) => void = () => undefined;
    const services = [service()];
    system.spawn('routing', routingActor, {
      view: {
        watch: () => () => undefined,
        list: (kind: string) => (kind === 'Service' ? services : []),
      } as never,
      mesh: {
        member: () => undefined,
        memberNamed: () => undefined,
        onMember: () => () => undefined,
      },
      listener: { listen: () => new Promise((resolve) => (opened = resolve)) },
      forwarder: createForwarder(streams as PodStreams, createBalancer(), clock),
      balancer: createBalancer(),
      nodeAddress: '127.70.0.1',
      fronts: createFrontBoard(),
    });
    await simulation.run({ untilMs: simulation.nowMs() + 100 });
    let isStopped = false;
    void system.stop().then(() => (isStopped = true));
    await simulation.run({ until: () => isStopped, limitMs: 1_000 });
    opened(ok({ port: 80, close: () => (isClosed = true) }));
    await simulation.run({ untilMs: simulation.nowMs() + 100 });
    assert.equal(isClosed, true);
  });
});
