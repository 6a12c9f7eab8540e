// Snapshot transfers that are disturbed: broken off, offered again, refused by Raft.

import assert from 'node:assert/strict';
import type { InstallSnapshot } from '../../../consensus/raft/messages.ts';
import { emptyConf } from '../../../consensus/raft/conf-change/changer.ts';
import type { SnapshotChunk } from '../../../consensus/replica/protocol.ts';
import { remoteMessageSchema } from '../../../consensus/replica/remote-message-schema.ts';
import { createSnapshotReceiver } from '../../../consensus/replica/snapshot-receiver.ts';
import { createSnapshotSender } from '../../../consensus/replica/snapshot-sender.ts';
import type { SenderStep } from '../../../consensus/replica/snapshot-sender.ts';
import { createSeededRandom, SkeinError } from '../../../runtime/index.ts';

const from = { replica: 1, peer: 'a', epoch: 1, life: 1 };
const to = 2;
const announcing = (index: number): InstallSnapshot => {
  const meta = { index, term: 1, conf: { ...emptyConf, voters: [1] } };
  return { type: 'install-snapshot', from: 1, to, term: 1, meta };
};

async function* pieces(
  parts: readonly string[],
  closed: () => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for (const part of parts) yield Buffer.from(part);
  } finally {
    closed();
  }
}

const chunkOf = (step: SenderStep): SnapshotChunk => {
  assert.equal(step.type, 'send');
  const { announcement, chunk, data, isLast } = step;
  return {
    type: 'snapshot-chunk',
    from,
    meta: announcement.meta,
    chunk,
    data,
    isLast,
    announcement,
  };
};

type Sender = ReturnType<typeof createSnapshotSender>;
type Receiver = ReturnType<typeof createSnapshotReceiver>;

/** Reads into a state that takes everything, but not the word `bad`. */
const createReceiver = (): Receiver =>
  createSnapshotReceiver(() => ({
    add: (chunk) => {
      if (Buffer.from(chunk).toString() === 'bad') throw new SkeinError('corrupt', 'no state');
    },
    complete: () => undefined,
    finish: () => undefined,
  }));

interface Wire {
  readonly sender: Sender;
  readonly receiver: Receiver;
  /** Chunks that were sent and have not arrived. */
  readonly onTheWay: SnapshotChunk[];
  isWhole: boolean;
  isDone: boolean;
}

const wireBetween = (sender: Sender, receiver: Receiver): Wire => ({
  sender,
  receiver,
  onTheWay: [],
  isWhole: false,
  isDone: false,
});

/** Does what the sender says, but for what it sends: that is on its way then. */
async function carryOut(wire: Wire, steps: readonly SenderStep[]): Promise<void> {
  for (const step of steps) {
    if (step.type === 'send') wire.onTheWay.push(chunkOf(step));
    if (step.type === 'done') wire.isDone = true;
    if (step.type !== 'read') continue;
    const { read, next } = step;
    await carryOut(wire, wire.sender.read(to, read, await next()));
  }
}

/** One chunk arrives, and so does the answer to it. */
async function arrive(wire: Wire, chunk: SnapshotChunk, nowMs = 0): Promise<void> {
  const taken = wire.receiver.take(chunk, nowMs);
  if (taken.type !== 'wanted') return;
  wire.isWhole ||= taken.isWhole;
  const { index, chunk: wanted, isLate } = taken.want;
  await carryOut(wire, wire.sender.wanted(to, index, wanted, isLate, nowMs));
}

/** All that is sent arrives, in the order that `next` picks. */
async function run(wire: Wire, next: (length: number) => number = () => 0): Promise<void> {
  for (let steps = 0; wire.onTheWay.length > 0; steps++) {
    assert.ok(steps < 10_000, 'a transfer ends');
    const [chunk] = wire.onTheWay.splice(next(wire.onTheWay.length), 1);
    await arrive(wire, chunk!);
  }
}

const letters = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => String.fromCharCode(97 + (at % 26)));

const text = (receiver: Receiver, index: number): string | undefined => {
  const received = receiver.collect(index);
  return received && Buffer.concat(received.chunks).toString();
};

describe('a snapshot transfer', () => {
  it('has several chunks on their way, and no more than its window', async () => {
    const wire = wireBetween(createSnapshotSender(), createReceiver());
    await carryOut(wire, wire.sender.start(to, announcing(7), pieces(letters(40)), 0));
    assert.equal(wire.onTheWay.length, 8);
    await arrive(wire, wire.onTheWay.shift()!);
    assert.equal(wire.onTheWay.length, 8, 'one arrived, one followed');
    await run(wire);
    assert.deepEqual([wire.isWhole, wire.isDone], [true, true]);
    assert.equal(text(wire.receiver, 7), letters(40).join(''));
  });

  it('puts chunks in order, in whatever order they come behind the first', async () => {
    const random = createSeededRandom(5);
    for (let round = 0; round < 50; round++) {
      const wire = wireBetween(createSnapshotSender(), createReceiver());
      await carryOut(wire, wire.sender.start(to, announcing(7), pieces(letters(30)), 0));
      await arrive(wire, wire.onTheWay.shift()!);
      await run(wire, (length) => random.integer(length));
      assert.deepEqual([wire.isWhole, wire.isDone], [true, true]);
      assert.equal(text(wire.receiver, 7), letters(30).join(''));
    }
  });

  it('sends again what got lost when the receiver asks again', async () => {
    const wire = wireBetween(createSnapshotSender(), createReceiver());
    await carryOut(wire, wire.sender.start(to, announcing(7), pieces(letters(12)), 0));
    await arrive(wire, wire.onTheWay.shift()!);
    wire.onTheWay.shift();
    await run(wire);
    assert.equal(wire.isWhole, false, 'the second one is missing');
    assert.equal(wire.receiver.due(999), undefined);
    const late = wire.receiver.due(1_000)!;
    assert.deepEqual([late.chunk, late.isLate], [1, true]);
    assert.equal(wire.receiver.due(2_999), undefined, 'and more rarely each time');
    await carryOut(wire, wire.sender.wanted(to, late.index, late.chunk, late.isLate, 1_000));
    await run(wire);
    assert.equal(wire.isDone, true);
    assert.equal(text(wire.receiver, 7), letters(12).join(''));
  });

  it('refuses what makes no sense, for a while', async () => {
    const wire = wireBetween(createSnapshotSender(), createReceiver());
    await carryOut(wire, wire.sender.start(to, announcing(7), pieces(['a', 'bad', 'c']), 0));
    const [first, bad] = wire.onTheWay;
    assert.equal(wire.receiver.take(first!, 0).type, 'wanted');
    const taken = wire.receiver.take(bad!, 0);
    assert.ok(taken.type === 'refused' && taken.error.code === 'corrupt');
    assert.equal(wire.receiver.collect(7), undefined);
    assert.equal(wire.receiver.due(9_000), undefined, 'it is not asked for');
    assert.equal(wire.receiver.take(first!, 9_000).type, 'nothing');
    assert.equal(wire.receiver.take(first!, 10_000).type, 'wanted');
  });

  it('is forgotten when it does not go on', async () => {
    const wire = wireBetween(createSnapshotSender(), createReceiver());
    await carryOut(wire, wire.sender.start(to, announcing(7), pieces(['a', 'b']), 0));
    await arrive(wire, wire.onTheWay.shift()!);
    assert.notEqual(wire.receiver.due(60_000), undefined);
    assert.equal(wire.receiver.due(61_001), undefined);
    assert.equal(wire.receiver.due(70_000), undefined);
  });
});

describe('a disturbed snapshot transfer', () => {
  it('goes on where it broke off when the sender starts over', async () => {
    const sender = createSnapshotSender();
    const receiver = createReceiver();
    const broken = wireBetween(sender, receiver);
    await carryOut(broken, sender.start(to, announcing(7), pieces(letters(30)), 0));
    for (let chunks = 0; chunks < 15; chunks++) await arrive(broken, broken.onTheWay.shift()!);
    assert.deepEqual(sender.expired(60_000), [to]);

    const again = wireBetween(sender, receiver);
    let sent = 0;
    await carryOut(again, sender.start(to, announcing(7), pieces(letters(30)), 60_000));
    await run(again, () => (sent++, 0));

    assert.equal(again.isDone, true);
    assert.equal(text(receiver, 7), letters(30).join(''));
    assert.ok(sent <= 8 + 16, `${sent} chunks, but 15 were there`);
  });

  it('can be offered again after Raft did not take it', async () => {
    const sender = createSnapshotSender();
    const receiver = createReceiver();
    const offer = async (): Promise<boolean> => {
      const wire = wireBetween(sender, receiver);
      await carryOut(wire, sender.start(to, announcing(7), pieces(['a', 'b']), 0));
      await run(wire);
      return wire.isDone;
    };
    assert.equal(await offer(), true);
    receiver.discardWhole();
    assert.equal(receiver.collect(7), undefined, 'what was refused is not kept');

    assert.equal(await offer(), true);
    assert.equal(text(receiver, 7), 'ab');
  });

  it('never takes a piece of the snapshot that it replaced', async () => {
    const wire = wireBetween(createSnapshotSender(), createReceiver());
    const old = wire.sender.start(to, announcing(7), pieces(['old']), 0);
    const now = wire.sender.start(to, announcing(9), pieces(['new']), 0);
    await carryOut(wire, old);
    assert.equal(wire.onTheWay.length, 0);
    await carryOut(wire, now);
    await run(wire);
    assert.equal(wire.isDone, true);
    assert.equal(text(wire.receiver, 9), 'new');
  });

  it('closes the file of a transfer that is given up', async () => {
    const wire = wireBetween(createSnapshotSender(), createReceiver());
    let isClosed = false;
    const chunks = pieces(letters(20), () => (isClosed = true));
    await carryOut(wire, wire.sender.start(to, announcing(7), chunks, 0));
    wire.sender.expired(60_000);
    await Promise.resolve();
    assert.equal(isClosed, true);
  });

  it('is refused at the door when it announces another snapshot than it brings', () => {
    const { meta } = announcing(7);
    const data = Buffer.from('a');
    const chunk = { type: 'snapshot-chunk', from, meta, chunk: 0, data, isLast: false };
    assert.equal(remoteMessageSchema({ ...chunk, announcement: announcing(7) }), undefined);
    assert.equal(remoteMessageSchema({ ...chunk, announcement: announcing(8) }), 'no chunk');
    assert.equal(remoteMessageSchema({ ...chunk, meta: undefined }), 'no chunk');
  });

  it('takes no write without a command from anybody', () => {
    const writes = (command: Uint8Array) => [{ sequence: 1, command }];
    const message = { type: 'hand-over', from };
    assert.equal(remoteMessageSchema({ ...message, writes: writes(Buffer.from('x')) }), undefined);
    assert.equal(remoteMessageSchema({ ...message, writes: writes(Buffer.alloc(0)) }), 'no writes');
  });
});
