// Four peers, two of them behind routers that masquerade: who is linked to whom and how, what passes, and what happens when the
// network changes. Runs itself in a sandbox and prints what it measured as a line of JSON, or what went wrong.

import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Diagnosis } from '../../../actors/doctor/diagnosis.ts';
import { DIAL_REASON } from '../../../mesh/index.ts';
import { isInside, runInside } from '../../torture/sandbox.ts';
import { joinPublic, layInternet, moveD, partPublic, PUBLIC_ADDRESS } from './network.ts';
import { startNatPeer } from './peers.ts';
import type { NatPeer } from './peers.ts';

const LIMIT_MS = 60_000;
const ASK_AGAIN_MS = 200;
const BULK_BYTES = 192 * 1024 * 1024;
const MOVED_TO = '192.0.2.33';

/** What a first look finds, and what the test asserts of it. */
export interface NatReport {
  /** Times in ms until what is said was true, as a person asking saw it. */
  readonly allAliveMs: number;
  readonly relayedMs: number;
  /** What the doctor says of the two behind routers. */
  readonly pair: string;
  readonly answer: string;
  readonly relayMBperS: number;
  readonly directMBperS: number;
  /** The slowest round trip that the doctor saw while bytes passed the relay. */
  readonly busyRoundTripMs: number;
  readonly partedMs: number;
  readonly parted: string;
  readonly healedMs: number;
  readonly movedMs: number;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<number> {
  const fromMs = performance.now();
  while (!(await condition())) {
    if (performance.now() - fromMs > LIMIT_MS)
      throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await delay(ASK_AGAIN_MS);
  }
  return Math.round(performance.now() - fromMs);
}

async function diagnosisAt(peer: NatPeer): Promise<Diagnosis> {
  const { code, out, err } = await peer.skein('doctor', '-o', 'json');
  if (code > 1 || out === '') throw new Error(`doctor at ${peer.place}: ${err}`);
  return (JSON.parse(out) as { readonly status: Diagnosis }).status;
}

/** What the doctor says of this pair; undefined when nothing. */
const pairOf = ({ findings }: Diagnosis, ...names: readonly string[]): string | undefined => {
  const found = findings.find(
    ({ check, peers }) => check === 'links' && peers.join() === names.join(),
  );
  return found === undefined ? undefined : `${found.sentence} -> ${found.remedy ?? ''}`;
};

interface PeerItem {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly addresses: readonly string[] };
  readonly status: { readonly state: string };
}

async function peersAt(peer: NatPeer): Promise<readonly PeerItem[]> {
  const { out } = await peer.skein('peers', '-o', 'json');
  return (JSON.parse(out) as { readonly items: readonly PeerItem[] }).items;
}

const WEB = `
const { createServer } = require('node:http');
const { NODE_NAME, SKEIN_POD_IP, SKEIN_PORT_HTTP } = process.env;
const block = Buffer.alloc(1024 * 1024, 7);
createServer(async (request, response) => {
  if (request.url === '/') { response.end('from ' + NODE_NAME); return; }
  for (let sent = 0; sent < ${BULK_BYTES}; sent += block.length) {
    if (!response.write(block)) await new Promise((drained) => response.once('drain', drained));
  }
  response.end();
}).listen(Number(SKEIN_PORT_HTTP), SKEIN_POD_IP);
process.on('SIGTERM', () => process.exit(0));
`;

const manifest = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
      spec: {
        nodeSelector: { 'kubernetes.io/hostname': 'a' },
        containers: [
          {
            name: 'web',
            image: 'web',
            command: ['node', '-e'],
            args: [WEB],
            env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
            ports: [{ name: 'http', containerPort: 8080 }],
            readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
          },
        ],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 8080, targetPort: 'http' }] },
    },
  ],
};

/** Where the service answers at this peer, once it has its pod. */
async function frontAt(peer: NatPeer): Promise<string> {
  let address = '';
  await until(`a front at ${peer.place}`, async () => {
    const { out } = await peer.skein('status', '-o', 'json');
    const { status } = JSON.parse(out) as {
      readonly status: {
        readonly fronts: readonly { service: string; endpoints: number; address: string }[];
      };
    };
    const front = status.fronts.find(
      ({ service, endpoints }) => service === 'web' && endpoints > 0,
    );
    address = front?.address ?? '';
    return front !== undefined;
  });
  return address;
}

/** Fetches all bytes beside `peer`; MB a second. */
async function fetchBulk(peer: NatPeer, address: string): Promise<number> {
  const { code, out, err } = await peer.script(`
    const started = performance.now();
    fetch('http://${address}/bulk').then(async (response) => {
      let bytes = 0;
      for await (const chunk of response.body) bytes += chunk.length;
      console.log(JSON.stringify({ bytes, ms: performance.now() - started }));
    });`);
  if (code !== 0) throw new Error(`the bulk did not come: ${err}`);
  const { bytes, ms } = JSON.parse(out) as { readonly bytes: number; readonly ms: number };
  if (bytes !== BULK_BYTES) throw new Error(`${bytes} of ${BULK_BYTES} bytes came`);
  return Math.round((bytes / 1e6 / (ms / 1000)) * 10) / 10;
}

async function observe(directory: string, peers: NatPeer[]): Promise<NatReport> {
  await layInternet();
  const start = async (place: 'a' | 'b' | 'c' | 'd', token?: string): Promise<NatPeer> => {
    const address = place === 'b' || place === 'd' ? PUBLIC_ADDRESS[place] : undefined;
    const listen =
      place === 'b' && address !== undefined ? ['--mesh-listen', `${address}:7460`] : [];
    const join = token === undefined ? [] : ['--join', PUBLIC_ADDRESS.b, '--token', '-'];
    const peer = await startNatPeer(place, directory, [...listen, ...join], token);
    peers.push(peer);
    return peer;
  };
  const b = await start('b');
  const token = (await b.skein('token', 'create')).out.trim();
  const a = await start('a', token);
  const c = await start('c', token);
  const all = [a, b, c];
  const allAliveMs = await until('all see all alive', async () => {
    const seen = await Promise.all(all.map(peersAt));
    return seen.every(
      (items) => items.filter(({ status }) => status.state === 'alive').length === 3,
    );
  });
  let pair = '';
  const relayedMs = await until('a and c are relayed via b', async () => {
    pair = pairOf(await diagnosisAt(c), 'a', 'c') ?? '';
    return pair.startsWith('a and c are relayed via b');
  });
  const applied = join(directory, 'web.json');
  await writeFile(applied, JSON.stringify(manifest));
  const { code, err } = await a.skein('apply', '-f', applied);
  if (code !== 0) throw new Error(`apply: ${err}`);
  const front = await frontAt(c);
  const answer = (
    await c.script(`fetch('http://${front}/').then((r) => r.text()).then(console.log)`)
  ).out.trim();
  await fetchBulk(c, front);
  const [relayMBperS, busy] = await Promise.all([fetchBulk(c, front), diagnosisAt(b)]);
  const directMBperS = await fetchBulk(b, await frontAt(b));

  const d = await start('d', token);
  await until('d is linked to all', async () => {
    const { direct, relayed } = await diagnosisAt(d);
    return direct === 5 && relayed === 1;
  });
  await partPublic();
  let parted = '';
  const partedMs = await until('b and d are relayed', async () => {
    parted = pairOf(await diagnosisAt(a), 'b', 'd') ?? '';
    return parted.startsWith('b and d are relayed via');
  });
  await until('the doctor knows why', async () => {
    parted = pairOf(await diagnosisAt(a), 'b', 'd') ?? '';
    return parted.includes(DIAL_REASON.silent);
  });
  await joinPublic();
  const healedMs = await until('b and d are direct', async () => {
    const diagnosis = await diagnosisAt(a);
    return diagnosis.direct === 5 && pairOf(diagnosis, 'b', 'd') === undefined;
  });
  await moveD(MOVED_TO);
  const movedMs = await until('d is found where it is now', async () => {
    const seen = (await peersAt(b)).find(({ metadata }) => metadata.name === 'd');
    const isThere = seen?.spec.addresses.includes(`${MOVED_TO}:7460`) === true;
    return isThere && seen.status.state === 'alive' && (await diagnosisAt(b)).direct === 5;
  });
  return {
    allAliveMs,
    relayedMs,
    pair,
    answer,
    relayMBperS,
    directMBperS,
    busyRoundTripMs: busy.slowestMs ?? 0,
    partedMs,
    parted,
    healedMs,
    movedMs,
  };
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'skein-nat-'));
  const peers: NatPeer[] = [];
  try {
    const report = await observe(directory, peers);
    console.log(JSON.stringify(report));
  } catch (error) {
    process.exitCode = 1;
    console.error(error);
    for (const { place, logFile } of peers) {
      const lines = (await readFile(logFile, 'utf8')).split('\n');
      console.error(`--- the last of ${place}\n${lines.slice(-60).join('\n')}`);
    }
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
    await rm(directory, { recursive: true, force: true });
  }
}

if (isInside()) await main();
else {
  const child = runInside(fileURLToPath(import.meta.url), []);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
