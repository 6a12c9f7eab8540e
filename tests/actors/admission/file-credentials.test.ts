import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  endCredentials,
  readCredentials,
  writeCredentials,
} from '../../../actors/admission/file-credentials.ts';

describe('the credentials of a member', () => {
  const root = mkdtempSync(join(tmpdir(), 'skein-credentials-'));
  after(() => rmSync(root, { recursive: true }));

  it('are none in a new directory, and never again none in that of a peer that left', async () => {
    const path = join(root, 'membership.json');
    assert.equal(await readCredentials(path), undefined);
    const text = 'x';
    await writeCredentials(path, {
      version: 1,
      cluster: text,
      zone: text,
      name: text,
      membership: text,
      membershipKey: text,
      apiKey: text,
      apiAuthority: text,
      servingCertificate: text,
      servingKey: text,
      introductions: [],
    });
    assert.equal((await readCredentials(path))?.cluster, text);
    await endCredentials(path);
    await assert.rejects(readCredentials(path), /has left its cluster; choose another with --data/);
  });
});
