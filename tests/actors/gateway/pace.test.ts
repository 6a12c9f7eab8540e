// Long work lets others have their turn.

import assert from 'node:assert/strict';
import { createPace } from '../../../actors/gateway/pace.ts';
import { createTestClock } from './gateway-fixture.ts';

describe('a pace', () => {
  it('rests after each slice, and not before', async () => {
    const clock = createTestClock();
    const pace = createPace(clock);
    assert.equal(pace.rest(), undefined);
    await clock.advance(7);
    assert.equal(pace.rest(), undefined);
    await clock.advance(1);
    const rest = pace.rest();
    assert.ok(rest);
    await clock.advance(0);
    await rest;
    assert.equal(pace.rest(), undefined);
  });
});
