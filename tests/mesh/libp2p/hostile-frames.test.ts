// Malformed and huge frames at each protocol, frames that never end, and answers to what nobody asked.

import { equal, ok } from 'node:assert/strict';
import type { Connection, Stream } from '@libp2p/interface';
import { generateIdentity } from '../../../mesh/index.ts';
import { encodeEnvelope } from '../../../mesh/messages/envelope.ts';
import { framed, FRAME_LIMIT_BYTES } from '../../../mesh/messages/framing.ts';
import { encodeGossip } from '../../../mesh/gossip-message.ts';
import { JOIN_PROTOCOL } from '../../../mesh/belonging/join-transcript.ts';
import { encodeLinkWord } from '../../../mesh/libp2p/link-words.ts';
import { MEMBER_PROTOCOL } from '../../../mesh/libp2p/member-handshake.ts';
import { RELAY_PROTOCOLS } from '../../../mesh/libp2p/relay.ts';
import { pack } from '../../../runtime/index.ts';
import { formatAddress } from '../../../runtime/index.ts';
import { enter, ended, hangUp, startRogue, turn, turnUntil } from './rogue.ts';
import { beginSiege, MIB } from './siege.ts';
import type { Siege } from './siege.ts';

/** Nothing but noise, the same in every run. */
const noise = (bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, at) => (at * 197 + (at >> 3) * 31) & 0xff);

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

/** What each protocol is told, in the order of what it costs. */
const evils: Readonly<Record<string, readonly Uint8Array[]>> = {
  noise: [noise(4_096)],
  'a frame of noise': [framed(noise(1_000))],
  'a frame of the wrong shape': [framed(pack({ v: 1, certificate: 7, for: {}, protocol: [] }))],
  'a frame of lists in lists': [framed(pack(nested(1_000)))],
  'a frame that says it is 4 GiB': [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)],
  'an empty frame': [framed(new Uint8Array(0))],
  'the beginning of the largest frame': [
    Uint8Array.of(FRAME_LIMIT_BYTES >> 24, 0xff, 0xff, 0xff),
    noise(100),
  ],
};

/** Says it and reads until the other side has had enough, or has nothing to say for some turns. */
async function say(stream: Stream, chunks: readonly Uint8Array[]): Promise<void> {
  stream.sink(chunks).catch(() => undefined);
  const reading = (async () => {
    for await (const chunk of stream.source) void chunk;
  })().catch(() => undefined);
  const pause = (async () => {
    for (let at = 0; at < 50; at++) await turn();
  })();
  await Promise.race([reading, pause]);
}

/** Streams that the victim keeps open for this rogue. */
const openFor = ({ victim, rogue }: Siege): number =>
  victim.transport
    .inside()!
    .node.getConnections()
    .filter(({ remotePeer }) => remotePeer.toString() === rogue.identity.peer)
    .reduce((total, { streams }) => total + streams.length, 0);

const memberProtocols = [
  ...RELAY_PROTOCOLS,
  '/skein/stream/1',
  '/meshsub/1.2.0',
  '/meshsub/1.0.0',
  '/ipfs/id/1.0.0',
  MEMBER_PROTOCOL,
  JOIN_PROTOCOL,
];

describe('what no honest peer says', function () {
  this.timeout(30_000);
  let siege: Siege;

  beforeEach(async () => {
    siege = await beginSiege();
  });
  afterEach(async () => {
    await siege.end();
  });

  const sayAll = async (connection: Connection, protocol: string): Promise<void> => {
    for (const chunks of Object.values(evils)) {
      const stream = await connection.newStream(protocol).catch(() => undefined);
      // One stream of a handshake at a time, and none once the connection is ended.
      if (stream !== undefined) await say(stream, chunks);
      stream?.abort(new Error('said'));
    }
  };

  for (const protocol of [MEMBER_PROTOCOL, JOIN_PROTOCOL]) {
    it(`changes nothing when a stranger says it at ${protocol}`, async () => {
      const { victim, rogue } = siege;
      await siege.withstand(async () => {
        for (let round = 0; round < 3; round++) {
          const connection = await rogue.dial(victim);
          await sayAll(connection, protocol);
          await hangUp(connection);
        }
        await turnUntil(() => openFor(siege) === 0);
        equal(victim.transport.isLinked(rogue.identity.peer), false);
        equal(victim.mesh.member(rogue.identity.peer), undefined);
      });
    });
  }

  for (const protocol of memberProtocols) {
    it(`changes nothing when a member says it at ${protocol}`, async () => {
      const { authority, victim, rogue } = siege;
      await siege.withstand(async () => {
        const { connection } = await enter(authority, rogue, victim);
        await sayAll(connection, protocol);
        await hangUp(connection);
        await turnUntil(() => openFor(siege) === 0);
      });
    });
  }

  it('costs a member its link when it says it on a lane, and its memory is given back', async () => {
    const { authority, victim, rogue } = siege;
    await siege.withstand(async () => {
      for (const lane of ['control', 'log', 'bulk'] as const) {
        for (const [what, chunks] of Object.entries(evils)) {
          const { connection, lanes } = await enter(authority, rogue, victim);
          await say(lanes[lane], chunks);
          if (what === 'a frame that says it is 4 GiB') await ended(rogue, connection);
          await hangUp(connection);
          await turnUntil(() => !victim.transport.isLinked(rogue.identity.peer));
        }
      }
      await turnUntil(() => openFor(siege) === 0);
    });
  });

  it('takes at most the largest frame for each lane of each link while it is not finished', async () => {
    const { authority, victim } = siege;
    const rogues = await Promise.all(
      Array.from({ length: 4 }, () => startRogue(generateIdentity())),
    );
    const before = process.memoryUsage().arrayBuffers;
    await siege.withstand(async () => {
      for (const rogue of rogues) {
        const { lanes } = await enter(authority, rogue, victim);
        // Four bytes that announce 16 MiB, one more, and then nothing.
        for (const lane of Object.values(lanes)) await say(lane, [Uint8Array.of(1, 0, 0, 0, 1)]);
      }
      const grownBytes = process.memoryUsage().arrayBuffers - before;
      const limitBytes = 4 * 3 * FRAME_LIMIT_BYTES + 8 * MIB;
      ok(grownBytes <= limitBytes, `${Math.round(grownBytes / MIB)} MiB`);
      await Promise.all(rogues.map((rogue) => rogue.stop()));
      const isGone = (): boolean =>
        rogues.every(({ identity }) => !victim.transport.isLinked(identity.peer));
      await turnUntil(isGone);
    });
  });

  it('settles no question when it answers what was never asked', async () => {
    const { victim, friend } = siege;
    const [self, other] = [friend.identity.peer, victim.identity.peer];
    await siege.withstand(async () => {
      const before = victim.mesh.counters();
      for (let id = 0; id < 500; id++) {
        const to = formatAddress({ peer: other, path: `ask/${id}` });
        const envelope = encodeEnvelope(self, to, { id });
        if (!envelope.ok) throw envelope.error;
        ok(friend.transport.send(other, 'control', envelope.value));
        friend.transport.send(other, 'control', encodeLinkWord({ type: 'reply', value: id }));
        friend.transport.send(
          other,
          'control',
          encodeLinkWord({ type: 'ended', value: 0 }).slice(0, 3),
        );
        for (const gossip of [
          { type: 'ack', seq: 1_000_000 + id, news: [] },
          { type: 'nack', seq: 1_000_000 + id },
          { type: 'facts-delta', deltas: [], isNews: true },
          { type: 'members-claims', claims: [], wanted: [] },
        ] as const) {
          friend.transport.send(other, 'control', encodeGossip(gossip));
        }
      }
      await turnUntil(() => victim.mesh.counters().refused >= before.refused + 500);
      equal(victim.mesh.counters().malformed, before.malformed);
      equal(victim.mesh.members().filter(({ status }) => status === 'alive').length, 2);
    });
  });
});
