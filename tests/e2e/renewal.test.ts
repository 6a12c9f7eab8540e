// Certificates that end: renewed while the peers run, no barrier for whom the zone knows, and one approval for whom it forgot.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { skein } from './cluster.ts';
import { createSmallZone, eventually, untilWritten } from './small-zone.ts';
import type { SmallZone } from './small-zone.ts';

/** Renewed after two thirds of it: long enough to be seen, short enough to be waited for. */
const LIFE = '--membership-life=6s';
const LIFE_MS = 6_000;

interface Kept {
  readonly membership: string;
  readonly servingCertificate: string;
}

const keptBy = (zone: SmallZone, name: string): Kept =>
  JSON.parse(readFileSync(join(zone.directoryOf(name), 'membership.json'), 'utf8')) as Kept;

const clientOf = (zone: SmallZone, name: string): string =>
  readFileSync(join(zone.directoryOf(name), 'kubeconfig.client.json'), 'utf8');

/** What a new connection to the API of a peer is shown. */
function servedBy(zone: SmallZone, name: string): Promise<X509Certificate> {
  const { port } = new URL(zone.apiOf(name));
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
    socket.once('secureConnect', () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('certificates that end', function () {
  this.timeout(90_000);
  let zone: SmallZone;

  beforeEach(() => {
    zone = createSmallZone();
  });
  afterEach(() => zone.end());

  const alive = (asked: string, count: number) =>
    eventually(
      async () =>
        zone.at(asked).json<{ readonly items: readonly { status: { state: string } }[] }>({
          path: '/apis/skein.dev/v1/peers',
        }),
      ({ items }) => items.filter(({ status }) => status.state === 'alive').length === count,
      20_000,
    );

  it('are renewed in process: membership, serving and administrator’s', async () => {
    await zone.start('ada', [LIFE]);
    await zone.start('bob', [LIFE]);
    await alive('ada', 2);
    const names = ['ada', 'bob'];
    const before = names.map((name) => ({
      kept: keptBy(zone, name),
      client: clientOf(zone, name),
    }));
    await eventually(
      () =>
        Promise.resolve(
          names.map((name, i) => {
            const { kept, client } = before[i]!;
            const now = keptBy(zone, name);
            return (
              now.membership !== kept.membership &&
              now.servingCertificate !== kept.servingCertificate &&
              clientOf(zone, name) !== client
            );
          }),
        ),
      (renewed) => renewed.every(Boolean),
      3 * LIFE_MS,
    );
    for (const name of names) {
      const served = await servedBy(zone, name);
      assert.equal(
        served.raw.equals(new X509Certificate(before[0]!.kept.servingCertificate).raw),
        false,
      );
      assert.ok(Date.parse(served.validTo) > Date.now(), 'the running server shows one that holds');
    }
    // A command with the kubeconfig as it is now.
    const nodes = await zone.skein('bob', ['get', 'nodes', '-o', 'name']);
    assert.equal(nodes.out, 'node/ada\nnode/bob\n', nodes.err);
  });

  it('that ended while all peers were off are no barrier among those that know each other', async () => {
    await zone.start('ada', [LIFE]);
    await zone.start('bob', [LIFE]);
    await zone.start('cyd', [LIFE]);
    await eventually(
      () => zone.status('ada'),
      ({ voters }) => voters.length === 3,
      30_000,
    );
    const names = ['ada', 'bob', 'cyd'];
    await Promise.all(names.map((name) => zone.stop(name)));
    const expired = names.map((name) => keptBy(zone, name).membership);
    // Over, with the leeway for clocks.
    const overMs = performance.now() + 1.2 * LIFE_MS;
    await eventually(
      () => Promise.resolve(performance.now()),
      (now) => now > overMs,
      2 * LIFE_MS,
    );
    await Promise.all(names.map((name) => zone.start(name)));
    await untilWritten(() => zone.at('ada'), 15_000);
    await alive('cyd', 3);
    await eventually(
      () => Promise.resolve(names.map((name) => keptBy(zone, name).membership)),
      (now) => now.every((membership, i) => membership !== expired[i]),
      20_000,
    );
  });

  it('of a peer that its zone forgot, by a recovery from an old copy, take one new token, in place', async () => {
    await zone.start('ada', [LIFE]);
    await zone.stop('ada');
    const [ada, copy] = [zone.directoryOf('ada'), `${zone.directoryOf('ada')}-copy`];
    cpSync(ada, copy, { recursive: true });
    await zone.start('ada', [LIFE]);
    await zone.start('bob', [LIFE]);
    const identity = readFileSync(join(zone.directoryOf('bob'), 'identity.json'), 'utf8');
    await zone.stop('bob');
    await zone.stop('ada');
    rmSync(ada, { recursive: true });
    cpSync(copy, ada, { recursive: true });
    const recovered = await skein(['recover', '--data', ada, '--yes']);
    assert.equal(recovered.code, 0, recovered.err);
    await zone.start('ada');
    const stale = (await zone.skein('ada', ['token', 'create', '--uses', '1'])).out.trim();
    const revoked = await zone.skein('ada', ['token', 'revoke', stale.split('.')[0]!]);
    assert.equal(revoked.code, 0, revoked.err);
    await assert.rejects(
      zone.start('bob', [], stale),
      /cannot go on as a member of skein-\w+ \(.*\), nor join it again: .* was revoked/,
    );
    const token = (await zone.skein('ada', ['token', 'create', '--uses', '1'])).out.trim();
    await zone.start('bob', [], token);
    await alive('ada', 2);
    assert.equal(readFileSync(join(zone.directoryOf('bob'), 'identity.json'), 'utf8'), identity);
    assert.match(zone.logOf('bob'), /joined its cluster again, and keeps its key and its log/);
  });
});
