// Clients that create, change, scale and delete through any peer, and remember what they were promised.

import { pick } from '../../runtime/index.ts';
import type { SeededRandom } from '../../runtime/index.ts';
import { call } from './api-client.ts';
import type { ApiAnswer, ApiCall } from './api-client.ts';
import type { Cluster, UpMember } from './cluster.ts';
import { markerAnnotation } from './history.ts';

export type Fate = 'acknowledged' | 'refused' | 'unknown';

/** One write of a client, by the mark that it leaves in the object; deletes leave none. */
export interface Written {
  readonly mark: string;
  readonly fate: Fate;
  readonly answer: string;
}

/** One object, written by one client only. */
export interface Expectation {
  readonly kind: 'Service' | 'Deployment';
  readonly name: string;
  /** Marks of the states it may be in; undefined: it may be absent. */
  possible: ReadonlySet<string | undefined>;
  /** Writes nobody answered that may still be done: on top of this revision, 0 where there is nothing. */
  lingering: readonly { readonly mark: string | undefined; readonly base: number }[];
}

export interface Workload {
  /** Clients begin no further writes; resolves true in `isIdle` once the last is answered. */
  readonly stop: () => void;
  readonly isIdle: () => boolean;
  readonly expectations: readonly Expectation[];
  readonly written: () => readonly Written[];
}

export interface WorkloadOptions {
  readonly cluster: Cluster;
  readonly random: SeededRandom;
  readonly deployments: number;
  readonly services: number;
  readonly maxReplicas: number;
  readonly wrong: (what: string) => void;
}

export const labelOf = (deployment: string): string => `app-${deployment}`;

export function startWorkload(options: WorkloadOptions): Workload {
  const { cluster } = options;
  const written: Written[] = [];
  let isStopped = false;
  let busy = 0;
  const names = (kind: Expectation['kind'], letter: string, count: number): Expectation[] =>
    Array.from({ length: count }, (_, i) => ({
      kind,
      name: `${letter}${i + 1}`,
      possible: new Set([undefined]),
      lingering: [],
    }));
  const expectations = [
    ...names('Deployment', 'd', options.deployments),
    ...names('Service', 's', options.services),
  ];
  for (const expectation of expectations) {
    const random = options.random.fork(`client of ${expectation.name}`);
    let serial = 0;
    const act = (): void => {
      if (isStopped) return;
      const member = pick(random, cluster.up());
      const again = (): void => {
        busy--;
        cluster.simulation.schedule(200 + random.integer(3_000), act);
      };
      busy++;
      if (member === undefined) return again();
      const mark = `${expectation.name}-${++serial}`;
      void takeTurn(options, expectation, member, random, mark).then((done) => {
        if (done !== undefined) written.push(done);
        again();
      });
    };
    cluster.simulation.schedule(random.integer(1_000), act);
  }
  return {
    stop: () => void (isStopped = true),
    isIdle: () => busy === 0,
    expectations,
    written: () => written,
  };
}

const pathOf = ({ kind }: Expectation): string =>
  kind === 'Service'
    ? '/api/v1/namespaces/default/services'
    : '/apis/apps/v1/namespaces/default/deployments';

/** One read and, if it told, one write decided from it. */
async function takeTurn(
  options: WorkloadOptions,
  expectation: Expectation,
  member: UpMember,
  random: SeededRandom,
  mark: string,
): Promise<Written | undefined> {
  const read = await call(options.cluster, member, {
    method: 'GET',
    path: `${pathOf(expectation)}/${expectation.name}`,
  });
  const isFresh = (read.status === 200 || read.status === 404) && read.warnings.length === 0;
  if (!isFresh) return undefined;
  const found = markIn(read);
  if (!expectation.possible.has(found)) {
    options.wrong(
      `a fresh read of ${expectation.kind} ${expectation.name} at ${member.name} gives ` +
        `${found}, possible are ${[...expectation.possible].join(', ')}`,
    );
  }
  const base = read.status === 200 ? Number(read.body.metadata.resourceVersion) : 0;
  settle(expectation, found, base);
  const isDelete = base !== 0 && random.float() < 0.12;
  const wish = isDelete
    ? deletion(expectation, read)
    : base === 0
      ? creation(expectation, mark, options, random)
      : change(expectation, read, mark, options, random);
  const target = pick(random, options.cluster.up());
  if (target === undefined) return undefined;
  const answer = await call(options.cluster, target, wish);
  const fate = fateOf(answer);
  const next = isDelete ? undefined : mark;
  if (fate === 'acknowledged') {
    expectation.possible = new Set([next]);
    settle(expectation, next, isDelete ? 0 : Number(answer.body?.metadata?.resourceVersion));
  } else if (fate === 'unknown') {
    expectation.lingering = [...expectation.lingering, { mark: next, base }];
    expectation.possible = new Set([...expectation.possible, next]);
  }
  const said = `${wish.method} ${answer.status} ${answer.body?.message ?? ''}`.slice(0, 200);
  return isDelete ? undefined : { mark, fate, answer: `${said} by ${target.name}` };
}

/** It is in the state of `mark` at revision `base`: what lingers on top of another revision can no longer be done. */
function settle(expectation: Expectation, mark: string | undefined, base: number): void {
  expectation.lingering = expectation.lingering.filter((each) =>
    each.base === 0 ? each.mark !== mark : each.base >= base,
  );
  const still = expectation.lingering.filter((each) => each.base !== 0 || base === 0);
  expectation.possible = new Set([mark, ...still.map((each) => each.mark)]);
}

const markIn = (read: ApiAnswer): string | undefined =>
  read.status === 200 ? read.body.metadata.annotations?.[markerAnnotation] : undefined;

function fateOf({ status }: ApiAnswer): Fate {
  if (status >= 200 && status < 300) return 'acknowledged';
  return status === 0 || status === 504 ? 'unknown' : 'refused';
}

function creation(
  expectation: Expectation,
  mark: string,
  options: WorkloadOptions,
  random: SeededRandom,
): ApiCall {
  const { kind, name } = expectation;
  const metadata = { name, annotations: { [markerAnnotation]: mark } };
  const body =
    kind === 'Service'
      ? { apiVersion: 'v1', kind, metadata, spec: { ports: [aPort(random)] } }
      : deployment(metadata, random.integer(options.maxReplicas + 1), random);
  return { method: 'POST', path: pathOf(expectation), body };
}

function change(
  expectation: Expectation,
  read: ApiAnswer,
  mark: string,
  options: WorkloadOptions,
  random: SeededRandom,
): ApiCall {
  const path = `${pathOf(expectation)}/${expectation.name}`;
  const { resourceVersion } = read.body.metadata;
  const metadata = { resourceVersion, annotations: { [markerAnnotation]: mark } };
  if (expectation.kind === 'Service') {
    const body = {
      ...read.body,
      metadata: { ...read.body.metadata, ...metadata },
      spec: { ...read.body.spec, ports: [aPort(random)] },
    };
    return { method: 'PUT', path, body };
  }
  if (random.float() < 0.6) {
    const replicas = random.integer(options.maxReplicas + 1);
    return { method: 'PATCH', path, body: { metadata, spec: { replicas } } };
  }
  const rolled = { template: { metadata: { annotations: { version: mark } } } };
  return { method: 'PATCH', path, body: { metadata, spec: rolled } };
}

const aPort = (random: SeededRandom): unknown => ({ port: 1_000 + random.integer(1_000) });

function deletion(expectation: Expectation, read: ApiAnswer): ApiCall {
  const { uid, resourceVersion } = read.body.metadata;
  return {
    method: 'DELETE',
    path: `${pathOf(expectation)}/${expectation.name}`,
    body: {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      preconditions: { uid, resourceVersion },
    },
  };
}

function deployment(
  metadata: { readonly name: string },
  replicas: number,
  random: SeededRandom,
): unknown {
  const labels = { app: labelOf(metadata.name) };
  const probe =
    random.float() < 0.5 ? { readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } } : {};
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: 'web',
              image: 'hello',
              command: ['serve'],
              ports: [{ containerPort: 8080 }],
              resources: { requests: { cpu: '300m', memory: '64Mi' } },
              ...probe,
            },
          ],
        },
      },
    },
  };
}
