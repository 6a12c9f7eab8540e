// Events tell what happened, and repetition does not fill the store.

import assert from 'node:assert/strict';
import {
  EVENT_KEPT_MS,
  EVENTS_PER_REASON,
  isEventExpired,
  recordEvent,
} from '../../../actors/objects/event-recording.ts';
import type { Occurrence } from '../../../actors/objects/event-recording.ts';
import { createObjects } from '../../../actors/objects/object-store.ts';
import { prepareCreate } from '../../../actors/objects/write-preparation.ts';
import { createMemoryStore } from './memory-store.ts';

const crash = (nowMs: number, message = 'it crashed'): Occurrence => ({
  kind: 'Pod',
  regarding: { metadata: { name: 'web-1', namespace: 'shop', uid: 'u1', resourceVersion: '5' } },
  fieldPath: 'spec.containers{web}',
  type: 'Warning',
  reason: 'BackOff',
  message,
  component: 'containers',
  host: 'n1',
  nowMs,
  uid: 'event-uid',
});

function zone() {
  const store = createMemoryStore();
  const objects = createObjects(store);
  const record = async (occurrence: Occurrence): Promise<boolean> => {
    const write = recordEvent(objects.view, occurrence);
    if (write !== undefined) assert.ok((await objects.write([write])).ok);
    return write !== undefined;
  };
  return { objects, store, record, events: () => objects.view.list('Event') };
}

describe('recording an event', () => {
  it('makes an event that validation takes, about the object', async () => {
    const { record, events } = zone();
    await record(crash(0));
    const [event] = events();
    assert.deepEqual(event?.involvedObject, {
      kind: 'Pod',
      apiVersion: 'v1',
      name: 'web-1',
      namespace: 'shop',
      uid: 'u1',
      resourceVersion: '5',
      fieldPath: 'spec.containers{web}',
    });
    assert.equal(event?.count, 1);
    const prepared = prepareCreate('Event', event, { nowMs: 0, uid: 'u' });
    assert.ok(prepared.ok, prepared.ok ? '' : prepared.message);
  });

  it('counts up what happens again', async () => {
    const { record, events } = zone();
    for (const seconds of [0, 10, 20]) await record(crash(seconds * 1_000));
    assert.equal(events().length, 1);
    assert.equal(events()[0]?.count, 3);
    assert.equal(events()[0]?.firstTimestamp, '1970-01-01T00:00:00Z');
    assert.equal(events()[0]?.lastTimestamp, '1970-01-01T00:00:20Z');
  });

  it('writes what repeats without end ever more rarely', async () => {
    const { record, store } = zone();
    let written = 0;
    for (let second = 0; second < 3_600; second++) {
      if (await record(crash(second * 1_000))) written++;
    }
    assert.ok(written <= 10 + 12, `${written} writes in an hour`);
    assert.equal(store.view.revision(), written);
  });

  it('keeps at most a few events of one reason, however the messages differ', async () => {
    const { record, events } = zone();
    for (let i = 0; i < 500; i++) await record(crash(i, `attempt ${i} failed`));
    assert.equal(events().length, EVENTS_PER_REASON);
  });

  it('keeps different reasons and objects apart', async () => {
    const { record, events } = zone();
    await record(crash(0));
    await record({ ...crash(0), reason: 'Killing' });
    await record({
      ...crash(0),
      regarding: { metadata: { name: 'web-1', namespace: 'shop', uid: 'u2' } },
    });
    assert.equal(events().length, 3);
  });

  it('about an object without namespace goes to the default one', async () => {
    const { record, events } = zone();
    await record({ ...crash(0), kind: 'Node', regarding: { metadata: { name: 'n1', uid: 'n' } } });
    assert.equal(events()[0]?.metadata.namespace, 'default');
  });

  it('has a legal name and a bounded message whatever the object is called', async () => {
    const { record, events } = zone();
    const metadata = { name: `${'a'.repeat(198)}-${'.b'.repeat(25)}`, namespace: 'shop', uid: 'x' };
    await record({ ...crash(0), regarding: { metadata }, message: 'm'.repeat(10_000) });
    assert.equal(events()[0]?.message?.length, 1_024);
    const prepared = prepareCreate('Event', events()[0], { nowMs: 0, uid: 'u' });
    assert.ok(prepared.ok, prepared.ok ? '' : prepared.message);
  });

  it('expires an hour after it was seen last', async () => {
    const { record, events } = zone();
    await record(crash(5_000));
    assert.equal(isEventExpired(events()[0]!, 5_000 + EVENT_KEPT_MS), false);
    assert.equal(isEventExpired(events()[0]!, 5_001 + EVENT_KEPT_MS), true);
  });
});
