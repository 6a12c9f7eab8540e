// Hints are few, and nobody's hints are in the way of anybody else's.

import { equal, ok } from 'node:assert/strict';
import { createHintBudget, ORIGINS_LIMIT } from '../../../mesh/facts/hint-budget.ts';
import type { HintBudget } from '../../../mesh/facts/hint-budget.ts';

/** How many hints of `origin` are heard of so many sent at even distances from `fromMs` on. */
function heard(
  budget: HintBudget,
  origin: string,
  { count, fromMs, perSecond, size }: Record<'count' | 'fromMs' | 'perSecond' | 'size', number>,
): number {
  let times = 0;
  for (let at = 0; at < count; at++) {
    if (budget.receive(origin, fromMs + (at * 1_000) / perSecond, size)) times += 1;
  }
  return times;
}

describe('the budget of hints', () => {
  it('lets a peer publish a burst, then an equal part of what all may, a tenth a second at least', () => {
    for (const [size, perHundredSeconds] of [
      [1, 250],
      [10, 200],
      [100, 20],
      [10_000, 10],
    ] as const) {
      const budget = createHintBudget();
      let burst = 0;
      while (budget.publish(0, size)) burst += 1;
      equal(burst, 3);
      let later = 0;
      for (let ms = 10; ms <= 100_000; ms += 10) if (budget.publish(ms, size)) later += 1;
      ok(Math.abs(later - perHundredSeconds) <= 1, `${later} of ${size}`);
    }
  });

  it('hears another at once while one origin never stops', () => {
    for (const size of [3, 30, 100, 1_000]) {
      const budget = createHintBudget();
      let noisy = 0;
      for (let ms = 0; ms < 60_000; ms += 5) {
        if (budget.receive('noisy', ms, size)) noisy += 1;
        if (ms % 10_000 === 5_000) ok(budget.receive(`calm ${ms}`, ms, size), `${size}: ${ms} ms`);
      }
      // A quarter of what all may have, at most.
      ok(noisy <= 60 * 5 + 6, `${noisy} of the noisy one among ${size}`);
    }
  });

  it('hears all that a peer may publish, whoever else is heard', () => {
    for (const size of [2, 10, 100]) {
      const [publisher, reader] = [createHintBudget(), createHintBudget()];
      for (let ms = 0; ms < 120_000; ms += 50) {
        reader.receive('noisy', ms, size);
        // Hints wait for each other on the way, by up to half a second.
        const arrivalMs = Math.ceil(ms / 500) * 500;
        if (publisher.publish(ms, size)) ok(reader.receive('calm', arrivalMs, size), `at ${ms}`);
      }
    }
  });

  it('hears no more of all together than everybody can bear', () => {
    const budget = createHintBudget();
    let all = 0;
    for (let ms = 0; ms < 10_000; ms += 1) if (budget.receive(`p${ms % 500}`, ms, 500)) all += 1;
    ok(all <= 40 + 10 * 20, `${all} hints`);
    ok(all >= 40 + 10 * 20 - 2, `${all} hints`);
  });

  it('counts what this peer publishes as what it hears', () => {
    const budget = createHintBudget();
    let others = 0;
    for (let at = 0; budget.receive(`p${at}`, 0, 100); at++) others += 1;
    equal(others, 40);
    equal(budget.publish(0, 100), false);
    // Its own share was not spent on that.
    let own = 0;
    while (budget.publish(1_000, 100)) own += 1;
    equal(own, 3);
  });

  it('remembers a bounded number of origins, and none sooner than its share is full again', () => {
    const budget = createHintBudget();
    equal(heard(budget, 'noisy', { count: 20, fromMs: 0, perSecond: 1_000, size: 1_000 }), 6);
    for (let ms = 0, at = 0; at < 10_000; ms += 10, at++) {
      // Invented names, as many as are heard: they do not give the noisy one a fresh share.
      budget.receive(`invented ${at}`, ms, 1_000);
      if (ms === 20_000) {
        const burst = { count: 20, fromMs: ms + 100, perSecond: 1_000_000, size: 1_000 };
        ok(heard(budget, 'noisy', burst) <= 5, 'a fresh share');
      }
    }
    ok(budget.origins() <= ORIGINS_LIMIT, `${budget.origins()} origins`);
  });
});
