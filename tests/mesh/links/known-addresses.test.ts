// What is remembered of where peers are, and what for how long.

import { deepEqual, equal } from 'node:assert/strict';
import {
  createRelayHints,
  formatRelayHint,
  parseRelayHint,
} from '../../../mesh/links/relay-hint.ts';
import { KNOWN_LIMIT, learned, met, waysTo } from '../../../mesh/links/known-addresses.ts';

describe('the known addresses of a peer', () => {
  it('are dialled as announced, then what worked last, then the rest', () => {
    let entry = learned(undefined, 'p', ['old:1', 'older:1'], 10);
    entry = met(entry, 'older:1', 20);
    entry = met(learned(entry, 'p', ['mid:1'], 30), 'mid:1', 40);
    entry = learned(entry, 'p', ['new:1', 'private:1'], 50);
    deepEqual(waysTo(entry), ['new:1', 'private:1', 'mid:1', 'older:1', 'old:1']);
    equal(entry.seenMs, 40);
  });

  it('are kept when it announces none any more', () => {
    const entry = met(learned(undefined, 'p', ['h:1'], 1), undefined, 5);
    deepEqual(learned(entry, 'p', [], 9), { ...entry, addresses: [], seenMs: 5 });
    deepEqual(waysTo(learned(entry, 'p', [], 9)), ['h:1']);
  });

  it('name relays only while they are announced', () => {
    const entry = learned(undefined, 'p', ['relay:x', 'relay:y'], 1);
    deepEqual(waysTo(entry), ['relay:x', 'relay:y']);
    deepEqual(waysTo(learned(entry, 'p', ['relay:y', 'h:1'], 2)), ['relay:y', 'h:1']);
  });

  it('are bounded, and those that worked longest ago go first', () => {
    let entry = learned(undefined, 'p', ['h0:1'], 0);
    for (let i = 1; i < 40; i++) {
      entry = learned(entry, 'p', [`h${i}:1`], i);
      if (i % 2 === 0) entry = met(entry, `h${i}:1`, i);
    }
    const ways = waysTo(entry);
    equal(ways.length, KNOWN_LIMIT);
    deepEqual(ways.slice(0, 3), ['h39:1', 'h38:1', 'h36:1']);
  });
});

describe('the relays of a peer that nobody can dial', () => {
  it('are few, and change only when one is long lost', () => {
    const hints = createRelayHints();
    deepEqual(hints.choose([], 0), []);
    deepEqual(hints.choose(['d', 'b', 'c', 'a'], 1_000), ['b', 'c', 'd']);
    deepEqual(hints.choose(['a', 'b', 'd'], 20_000), ['b', 'c', 'd']);
    deepEqual(hints.choose(['a', 'b', 'd'], 32_000), ['a', 'b', 'd']);
    equal(parseRelayHint(formatRelayHint('p')), 'p');
    equal(parseRelayHint('h:1'), undefined);
  });
});
