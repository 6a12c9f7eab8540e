// Probes, one step at a time.

import { deepEqual, equal } from 'node:assert/strict';
import { createFailureDetector } from '../../../mesh/membership/failure-detector.ts';
import type { DetectorEffect } from '../../../mesh/membership/failure-detector.ts';
import { LAN } from '../../../mesh/timing.ts';
import { createSeededRandom } from '../../../runtime/index.ts';

const others = ['a', 'b', 'c', 'd'];
const detector = (helpers: readonly string[] = others) =>
  createFailureDetector(LAN, createSeededRandom('detector'), (target) =>
    helpers.filter((peer) => peer !== target),
  );
const kinds = (effects: readonly DetectorEffect[]): readonly string[] =>
  effects.map((effect) => effect.type);

describe('the failure detector', () => {
  it('probes everyone once before anyone twice', () => {
    const d = detector();
    const probed = others.map((_, i) => {
      const [effect] = d.round(others, i * LAN.probeIntervalMs);
      return effect?.type === 'ping' ? effect.to : '';
    });
    deepEqual(probed.toSorted(), others);
  });

  it('is content with an answer', () => {
    const d = detector();
    d.probe('a', 0);
    d.ack(1, 'a');
    deepEqual(d.wake(10_000), []);
  });

  it('takes no answer from another peer', () => {
    const d = detector();
    d.probe('a', 0);
    d.ack(1, 'b');
    d.fellBack(1);
    deepEqual(kinds(d.wake(LAN.probeTimeoutMs)), Array(3).fill('ping-request'));
  });

  it('sends a frame when the datagram is not answered in half of the time', () => {
    const d = detector();
    deepEqual(d.probe('a', 0), [{ type: 'ping', to: 'a', seq: 1, way: 'datagram' }]);
    deepEqual(d.wake(LAN.probeTimeoutMs / 2 - 1), []);
    const [frame] = d.wake(LAN.probeTimeoutMs / 2);
    deepEqual(frame, { type: 'ping', to: 'a', seq: 1, way: 'frame' });
    d.ack(1, 'a');
    deepEqual(d.wake(10_000), []);
  });

  it('asks others when no answer comes, and gives up at the deadline', () => {
    const d = detector();
    d.probe('a', 0);
    d.fellBack(1);
    deepEqual(d.wake(LAN.probeTimeoutMs - 1), []);
    deepEqual(kinds(d.wake(LAN.probeTimeoutMs)), Array(3).fill('ping-request'));
    deepEqual(d.wake(LAN.probeDeadlineMs), [{ type: 'failed', peer: 'a' }]);
  });

  it('asks others at once when there is no way to the target', () => {
    const d = detector();
    d.probe('a', 0);
    deepEqual(kinds(d.unreachable(1, 0)), Array(3).fill('ping-request'));
  });

  it('gives up at once when all who were asked say no', () => {
    const d = detector(['b', 'c']);
    d.probe('a', 0);
    d.unreachable(1, 0);
    deepEqual(d.nack(1, 'b'), []);
    deepEqual(d.nack(1, 'b'), []);
    deepEqual(d.nack(1, 'c'), [{ type: 'failed', peer: 'a' }]);
  });

  it('gives up at once when there is nobody to ask', () => {
    const d = detector([]);
    d.probe('a', 0);
    deepEqual(d.unreachable(1, 0), [{ type: 'failed', peer: 'a' }]);
  });

  it('is content with an answer through another', () => {
    const d = detector(['b']);
    d.probe('a', 0);
    d.fellBack(1);
    d.wake(LAN.probeTimeoutMs);
    d.ack(1, 'b');
    deepEqual(d.wake(10_000), []);
  });

  it('probes for another and says yes or, in time, no', () => {
    const d = detector();
    const [ping] = d.relay('origin', 77, 'a', 0);
    deepEqual(ping, { type: 'ping', to: 'a', seq: 1, way: 'both' });
    deepEqual(d.ack(1, 'a'), [{ type: 'ack', to: 'origin', seq: 77 }]);
    d.relay('origin', 78, 'a', 0);
    const refused = { type: 'nack', to: 'origin', seq: 78 } as const;
    deepEqual(d.wake(LAN.probeDeadlineMs - LAN.probeTimeoutMs), [refused]);
  });

  it('gets more patient when not even helpers answer, and less when things go well', () => {
    const d = detector();
    d.probe('a', 0);
    d.fellBack(1);
    d.wake(LAN.probeTimeoutMs);
    d.wake(LAN.probeDeadlineMs);
    equal(d.health(), 1);
    d.probe('b', 1000);
    d.fellBack(2);
    deepEqual(d.wake(1000 + 2 * LAN.probeTimeoutMs - 1), []);
    d.ack(2, 'b');
    equal(d.health(), 0);
  });

  it('takes the doubt of one for the fault of that one, and of two soon after each other for its own', () => {
    const d = detector();
    d.doubted('deaf', 0);
    d.doubted('deaf', 100);
    equal(d.health(), 0);
    d.doubted('other', 60_000);
    equal(d.health(), 0);
    d.doubted('deaf', 61_000);
    equal(d.health(), 1);
  });

  it('judges nobody by what it missed while it stood still', () => {
    const d = detector();
    d.probe('a', 0);
    d.stalled();
    deepEqual(d.wake(60_000), []);
    equal(d.health(), 1);
  });
});
