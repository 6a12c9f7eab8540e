// The short form of `npm run torture`: a few rounds of each kind of blow against three real peers.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sandboxTrouble } from './sandbox.ts';

const program = fileURLToPath(new URL('./run.js', import.meta.url));
/** Two rounds and a start at their own bounds. */
const limitMs = 340_000;

interface Ran {
  readonly code: number;
  readonly text: string;
}

/** Plays rounds in a process of its own, which ends with what it started when it is told to. */
const play = (...words: string[]): Promise<Ran> =>
  new Promise((done) => {
    const seed = process.env['SKEIN_SEED'];
    const given = seed === undefined ? [] : ['--seed', seed];
    execFile(
      process.execPath,
      [program, ...words, ...given],
      { timeout: limitMs },
      (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        done({ code, text: `${out}${err}` });
      },
    );
  });

interface Summary {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly blows: Readonly<Record<string, number>>;
}

const summaryOf = (text: string): Summary =>
  JSON.parse(/^\{"torture".*$/m.exec(text)?.[0] ?? '{}') as Summary;

describe('three real peers under torture', function () {
  this.timeout(limitMs + 10_000);
  const trouble = sandboxTrouble();

  it('lose no acknowledged write when they are killed, frozen and ended', async () => {
    const { code, text } = await play(
      '--rounds',
      '1',
      '--blows',
      'kill,freeze,roll',
      '--no-sandbox',
    );
    assert.equal(code, 0, text);
    const summary = summaryOf(text);
    assert.equal(summary.rounds, 1);
    assert.ok(summary.acknowledged > 0, text);
  });

  const cuts = trouble === undefined ? it : it.skip;
  cuts(
    `lose none when networks are cut and disks full${trouble === undefined ? '' : `: ${trouble}`}`,
    async () => {
      const { code, text } = await play('--rounds', '2', '--blows', 'cut,full-disk,kill');
      assert.equal(code, 0, text);
      const summary = summaryOf(text);
      assert.equal(summary.rounds, 2);
      assert.ok(summary.acknowledged > 0, text);
    },
  );
});
