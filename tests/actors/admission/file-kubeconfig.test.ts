// The kubeconfig that a peer keeps in its data directory.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureAdminKubeconfig } from '../../../actors/admission/file-kubeconfig.ts';
import { ok } from '../../../runtime/index.ts';

describe('the kubeconfig of an administrator', () => {
  let directory: string;
  let signed = 0;
  const admission = {
    signClient: () => Promise.resolve(ok(`certificate ${++signed}`)),
  };
  const place = () => ({
    path: join(directory, 'kubeconfig'),
    cluster: 'c',
    name: 'p1',
    server: 'https://127.0.0.1:6443',
    apiAuthority: 'authority',
  });
  const inodes = async (): Promise<readonly number[]> => {
    const names = (await readdir(directory)).sort();
    return Promise.all(names.map(async (name) => (await stat(join(directory, name))).ino));
  };

  beforeEach(async () => {
    signed = 0;
    directory = await mkdtemp(join(tmpdir(), 'skein-kubeconfig-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is left alone when it is there as it should be: a start needs no room then', async () => {
    assert.ok((await ensureAdminKubeconfig(place(), admission)).ok);
    const before = await inodes();
    assert.ok((await ensureAdminKubeconfig(place(), admission)).ok);
    assert.deepEqual(await inodes(), before);
    assert.equal(signed, 1);
  });

  it('is written anew when the peer has another address, with the certificate it had', async () => {
    await ensureAdminKubeconfig(place(), admission);
    await ensureAdminKubeconfig({ ...place(), server: 'https://127.0.0.1:7443' }, admission);
    assert.match(await readFile(place().path, 'utf8'), /https:\/\/127\.0\.0\.1:7443/);
    assert.equal(signed, 1);
  });
});
