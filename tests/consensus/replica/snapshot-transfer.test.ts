// Snapshot transfers that are disturbed: broken off, offered again, refused by Raft.

import assert from 'node:assert/strict';
import type { InstallSnapshot } from '../../../consensus/raft/messages.ts';
import { emptyConf } from '../../../consensus/raft/conf-change/changer.ts';
import type { SnapshotChunk } from '../../../consensus/replica/protocol.ts';
import { remoteMessageSchema } from '../../../consensus/replica/protocol.ts';
import { createSnapshotReceiver } from '../../../consensus/replica/snapshot-receiver.ts';
import { createSnapshotSender } from '../../../consensus/replica/snapshot-sender.ts';
import type { SenderStep } from '../../../consensus/replica/snapshot-sender.ts';

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
const readOf = async (sender: Sender, step: SenderStep): Promise<SenderStep> => {
  assert.equal(step.type, 'read');
  const { read, next } = step;
  return sender.read(to, read, await next());
};

/** Runs a transfer to its end; what the receiver took. */
async function finish(
  sender: Sender,
  receiver: ReturnType<typeof createSnapshotReceiver>,
  first: SenderStep,
): Promise<boolean> {
  let step = first;
  let isWhole = false;
  for (let steps = 0; steps < 100 && step.type !== 'done' && step.type !== 'nothing'; steps++) {
    if (step.type === 'read') {
      step = await readOf(sender, step);
      continue;
    }
    const taken = receiver.take(chunkOf(step), 0);
    assert(taken !== undefined, 'a chunk of the transfer is taken');
    isWhole ||= taken.isWhole;
    step = sender.wanted(to, taken.want.index, taken.want.chunk, 0);
  }
  return isWhole && step.type === 'done';
}

const text = (chunks: readonly Uint8Array[] | undefined): string | undefined =>
  chunks && Buffer.concat(chunks).toString();

describe('a disturbed snapshot transfer', () => {
  it('goes on where it broke off when the sender starts over', async () => {
    const sender = createSnapshotSender();
    const receiver = createSnapshotReceiver();
    let step = sender.start(to, announcing(7), pieces(['a', 'b', 'c', 'd']), 0);
    for (let chunks = 0; chunks < 3; chunks++) {
      const taken = receiver.take(chunkOf(await readOf(sender, step)), 0)!;
      step = sender.wanted(to, 7, taken.want.chunk, 0);
    }
    assert.deepEqual(sender.expired(60_000), [to]);

    const again = sender.start(to, announcing(7), pieces(['a', 'b', 'c', 'd']), 60_000);

    assert.equal(await finish(sender, receiver, again), true);
    assert.equal(text(receiver.collect(7)), 'abcd');
  });

  it('can be offered again after Raft did not take it', async () => {
    const sender = createSnapshotSender();
    const receiver = createSnapshotReceiver();
    const offer = () => sender.start(to, announcing(7), pieces(['a', 'b']), 0);
    assert.equal(await finish(sender, receiver, offer()), true);
    receiver.discardWhole();
    assert.equal(receiver.collect(7), undefined, 'what was refused is not kept');

    assert.equal(await finish(sender, receiver, offer()), true);
    assert.equal(text(receiver.collect(7)), 'ab');
  });

  it('never takes a piece of the snapshot that it replaced', async () => {
    const sender = createSnapshotSender();
    const receiver = createSnapshotReceiver();
    const old = sender.start(to, announcing(7), pieces(['old']), 0);
    const now = sender.start(to, announcing(9), pieces(['new']), 0);
    assert.equal((await readOf(sender, old)).type, 'nothing');
    assert.equal(await finish(sender, receiver, now), true);
    assert.equal(text(receiver.collect(9)), 'new');
  });

  it('closes the file of a transfer that is given up', async () => {
    const sender = createSnapshotSender();
    let isClosed = false;
    const chunks = pieces(['a', 'b'], () => (isClosed = true));
    await readOf(sender, sender.start(to, announcing(7), chunks, 0));
    sender.expired(60_000);
    await Promise.resolve();
    assert.equal(isClosed, true);
  });

  it('is refused at the door when it announces another snapshot than it brings', () => {
    const { meta } = announcing(7);
    const chunk = { type: 'snapshot-chunk', from, meta, chunk: 0, data: Buffer.from('a') };
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
