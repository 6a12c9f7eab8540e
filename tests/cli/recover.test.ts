// `skein recover` and `skein rejoin` on a directory that a peer left behind, as a person runs them.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeDisk } from '../../consensus/index.ts';
import { writeStoppedLog } from '../consensus/recover/stopped-log.ts';
import { runAs } from './api-server.ts';
import type { Person, Ran } from './api-server.ts';

const survey = (epoch: string): RegExp =>
  new RegExp(
    [
      '^Replica: {7}77',
      `Epoch: {9}${epoch}`,
      'Term: {10}2',
      'Last entry: {4}term 2, index 12',
      'Committed: {5}up to index 10, as far as it knows',
      'Revision: {6}\\d+',
      'Objects: {7}0 \\(8 keys\\)',
      'Voters: {8}a \\(this one\\), replica 78, replica 79',
      'Learners: {6}none',
      'Authority: {5}not here: a zone that goes on from this peer can let nobody new in and renew no certificate; recover where it is here, if such a peer is left',
      'Last write: {4}\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z, by its files',
      '',
      'Kept: all it has\\. Of that, 2 entries it does not know to be committed: they may have been',
      'acknowledged, so they are kept\\.',
      '',
      'Lost: whatever the others acknowledged after this replica was last in touch\\. replica 78, replica 79',
      'could do so without it\\.',
    ].join('\n'),
  );

describe('a stopped peer', () => {
  let data = '';
  let log = '';
  const skein = (line: readonly string[], person: Person = {}): Promise<Ran> =>
    runAs(person, [...line, `--data=${data}`]);
  const contents = (): readonly (readonly [string, string])[] =>
    readdirSync(log)
      .sort()
      .map((name) => [name, readFileSync(join(log, name), 'hex')]);

  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'skein-recover-'));
    log = join(data, 'log');
    await writeStoppedLog(nodeDisk(), log);
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  it('is surveyed without a change', async () => {
    const before = contents();
    const ran = await skein(['recover', '--dry-run']);
    assert.equal(ran.code, 0, ran.err);
    assert.match(ran.out, survey('1'));
    assert.match(ran.out, /recover at one only: the one whose last entry has the greatest\nterm/);
    assert.deepEqual(contents(), before);
  });

  it('is recovered when somebody agrees, and not otherwise', async () => {
    const before = contents();
    const nobody = await skein(['recover']);
    assert.equal(nobody.code, 2);
    assert.match(nobody.err, /Nobody is here to agree: say so with --yes/);
    const no = await skein(['recover'], { isInteractive: true, input: 'no\n' });
    assert.equal(no.code, 1);
    assert.match(no.out, /shut out for ever.*Type yes: /s);
    assert.match(no.err, /Nothing was changed/);
    assert.deepEqual(contents(), before);
    const yes = await skein(['recover'], { isInteractive: true, input: 'yes\n' });
    assert.equal(yes.code, 0, yes.err);
    assert.match(yes.out, survey('1'));
    const [, epoch] = /goes on in epoch (2-[0-9a-f]{8}), from this peer alone/.exec(yes.out) ?? [];
    const { out } = await skein(['recover', '--dry-run']);
    assert.match(out, new RegExp(`^Epoch: +${epoch}$`, 'm'));
    assert.match(out, /^Voters: +a \(this one\)$/m);
    assert.match(out, /^Lost: nothing/m);
  });

  it('is told apart from a directory that is none, and from one without a log', async () => {
    const none = await runAs({}, ['recover', '--data=/nowhere/at/all']);
    assert.equal(none.code, 1);
    assert.match(none.err, /There is no data directory \/nowhere\/at\/all: say with --data/);
    rmSync(log, { recursive: true });
    const empty = await skein(['recover', '--dry-run']);
    assert.equal(empty.code, 1);
    assert.match(empty.err, /there is no log of a zone in .*log: say with --data/);
  });

  it('gives its log up when it is told to rejoin', async () => {
    const ran = await skein(['rejoin']);
    assert.equal(ran.code, 0, ran.err);
    assert.match(ran.out, /is given up\. `skein up` sets it aside there/);
    assert.ok(readdirSync(log).includes('fenced'));
  });

  it('takes no argument but flags', async () => {
    for (const command of ['recover', 'rejoin']) {
      const ran = await runAs({}, [command, data]);
      assert.equal(ran.code, 2);
      assert.match(ran.err, /Name the data directory with --data DIR/);
    }
  });
});
