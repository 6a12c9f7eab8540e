// The checker against histories of others, whose verdicts are known: it sees a history and nothing else.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSeededRandom } from '../../runtime/index.ts';
import { casesFolder } from '../consensus/raft/datadriven.ts';
import { checkHistory } from './checker.ts';
import { readKeyValueLog, readRegisterLog } from './conformance-history.ts';
import { keyValueModel } from './key-value-model.ts';
import { registerModel } from './register-model.ts';

const folder = join(casesFolder(), 'linearizability');

/** By the kind of its lines, not by its name. */
function judge(text: string): boolean {
  const verdict = text.startsWith('{:process')
    ? checkHistory(keyValueModel, readKeyValueLog(text))
    : checkHistory(registerModel, readRegisterLog(text));
  assert.notEqual(verdict.type, 'undecided');
  return verdict.type === 'linearizable';
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = createSeededRandom(seed);
  return items
    .map((item) => ({ item, place: random.float() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

describe('the linearizability checker', () => {
  it('agrees with every verdict on histories of a register and of a key-value store', function () {
    if (!existsSync(folder)) this.skip();
    this.timeout(60_000);
    const names = readdirSync(folder).filter((name) => /\.(log|txt)$/.test(name));
    const texts = shuffled(names, 1).map((name, at) => {
      return { alias: `history ${at}`, name, text: readFileSync(join(folder, name), 'utf8') };
    });
    const found = new Map(texts.map(({ alias, text }) => [alias, judge(text)]));

    const verdicts = JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8')) as Readonly<
      Record<string, boolean>
    >;
    const wrong = texts.filter(({ alias, name }) => found.get(alias) !== verdicts[name]);
    assert.deepEqual(
      wrong.map(({ name }) => name),
      [],
    );
    assert.ok(texts.length > 0, `no histories in ${folder}`);
    const good = [...found.values()].filter(Boolean).length;
    this.test!.title += ` (${texts.length}: ${good} linearizable, ${texts.length - good} not)`;
  });
});
