// Long answers come compressed to whoever takes that; short ones and watches do not.

import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { acceptsGzip } from '../../../../actors/gateway/http/compression.ts';
import { pod } from '../gateway-fixture.ts';
import type { HttpsFixture } from './https-fixture.ts';
import { createHttpsFixture } from './https-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';
const GZIP = { 'accept-encoding': 'gzip' } as const;

async function bytesOf(
  https: HttpsFixture,
  path: string,
  headers: Record<string, string>,
): Promise<{ readonly encoding: string | undefined; readonly bytes: Buffer }> {
  const response = await https.open({ path, headers, identity: https.admin });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { encoding: response.headers['content-encoding'], bytes: Buffer.concat(chunks) };
}

describe('a long answer', () => {
  let https: HttpsFixture;

  beforeEach(async () => {
    https = await createHttpsFixture();
    const annotations = { words: 'goose '.repeat(30_000) };
    await https.fixture.json('POST', PODS, {
      ...pod('long'),
      metadata: { name: 'long', annotations },
    });
    await https.fixture.json('POST', PODS, pod('short'));
  });
  afterEach(() => https.server.close(0));

  it('comes in gzip, the same as without', async () => {
    const zipped = await bytesOf(https, PODS, GZIP);
    const plain = await bytesOf(https, PODS, {});
    assert.deepEqual([zipped.encoding, plain.encoding], ['gzip', undefined]);
    assert.ok(zipped.bytes.length < plain.bytes.length / 10);
    assert.deepEqual(gunzipSync(zipped.bytes), plain.bytes);
  });

  it('is not what a short one or a watch is', async () => {
    assert.equal((await bytesOf(https, `${PODS}/short`, GZIP)).encoding, undefined);
    const path = `${PODS}?watch=1`;
    const watch = await https.open({ path, headers: GZIP, identity: https.admin });
    assert.equal(watch.headers['content-encoding'], undefined);
    watch.destroy();
  });

  it('is compressed for those who say so', () => {
    for (const header of ['gzip', 'deflate, gzip', 'GZIP;q=0.5', '*'])
      assert.ok(acceptsGzip(header), header);
    for (const header of [undefined, '', 'identity', 'gzip;q=0', 'gzip; q=0.0', 'xgzip']) {
      assert.ok(!acceptsGzip(header), String(header));
    }
  });
});
