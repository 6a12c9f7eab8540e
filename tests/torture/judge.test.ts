// The judge of a round bites: each way in which a zone could betray its clients is planted, and found.

import assert from 'node:assert/strict';
import { createRecorder } from '../linearizability/history.ts';
import { counter, registers } from './clients.ts';
import type { Fate, Seen } from './clients.ts';
import type { Stored } from './door.ts';
import { judge } from './judge.ts';
import type { Held } from './judge.ts';

const [register] = registers;

interface Told {
  readonly created?: readonly (readonly [string, Fate])[];
  readonly increments?: Seen['increments'];
  /** Values that were written to the first register and acknowledged, one after the other. */
  readonly written?: readonly string[];
}

function seen({ created = [], increments = { done: 0, unknown: 0 }, written = [] }: Told): Seen {
  const history: Seen['history'] = createRecorder();
  for (const key of registers) {
    history.invoke('first', { type: 'write', key, value: 'first' }).returns({ type: 'written' });
  }
  for (const value of written) {
    const write = { type: 'write', key: register, value } as const;
    history.invoke('client', write).returns({ type: 'written' });
  }
  const counts = { done: 0, refused: 0, unknown: 0, conflict: 0, reads: 0, readsRefused: 0 };
  return { created: new Map(created), increments, history, counts, wrongs: [] };
}

/** What a peer holds when it also holds `more`. */
function held(peer: string, more: Readonly<Record<string, string>> = {}): Held {
  const own = { [counter]: '0', ...Object.fromEntries(registers.map((key) => [key, 'first'])) };
  const texts = Object.entries({ ...own, ...more }).map(([name, value]): Stored => ({
    name,
    value,
    version: '1',
  }));
  return { peer, texts };
}

describe('the judge of a torture round', () => {
  it('finds nothing wrong where every answer was kept, whatever became of the unknown', () => {
    const told = seen({
      created: [
        ['a', 'done'],
        ['b', 'unknown'],
        ['c', 'unknown'],
        ['d', 'refused'],
      ],
      increments: { done: 2, unknown: 1 },
      written: ['x', 'y'],
    });
    const all = { a: 'a', b: 'b', [counter]: '3', [register]: 'y' };
    assert.deepEqual(judge(told, [held('peer-1', all), held('peer-2', all)]), []);
  });

  const wrongs: readonly (readonly [string, Told, readonly Held[], RegExp])[] = [
    [
      'an acknowledged write that one peer lost',
      { created: [['a', 'done']] },
      [held('peer-1', { a: 'a' }), held('peer-2')],
      /peer-2: a was acknowledged and is lost/,
    ],
    [
      'a refused write that was done',
      { created: [['a', 'refused']] },
      [held('peer-1', { a: 'a' })],
      /a was refused and is there/,
    ],
    ['a write that nobody made', {}, [held('peer-1', { a: 'a' })], /nobody made it/],
    [
      'a text that became another',
      { created: [['a', 'done']] },
      [held('peer-1', { a: 'b' })],
      /a holds b/,
    ],
    [
      'an increment that was lost',
      { increments: { done: 2, unknown: 0 } },
      [held('peer-1', { [counter]: '1' })],
      /the counter is 1 after 2/,
    ],
    [
      'an increment that was done twice',
      { increments: { done: 2, unknown: 1 } },
      [held('peer-1', { [counter]: '4' })],
      /the counter is 4 after 2/,
    ],
    [
      'replicas that differ',
      { increments: { done: 0, unknown: 1 } },
      [held('peer-1'), held('peer-2', { [counter]: '1' })],
      /peer-2 holds other texts/,
    ],
    [
      'an older write that came back',
      { written: ['x', 'y'] },
      [held('peer-1', { [register]: 'x' })],
      /no order explains register-1/,
    ],
  ];
  for (const [what, told, peers, words] of wrongs) {
    it(`finds ${what}`, () => {
      assert.match(judge(seen(told), peers).join('\n'), words);
    });
  }
});
