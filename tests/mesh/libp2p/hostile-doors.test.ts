// Crowds at the door: connections that say nothing, or never finish; joins by the hundred, with tokens that are none.

import { equal, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { generateIdentity } from '../../../mesh/index.ts';
import { JOIN_NONCE_BYTES, JOIN_PROTOCOL } from '../../../mesh/belonging/join-transcript.ts';
import { createFramedStream } from '../../../mesh/libp2p/framed-stream.ts';
import { parseHostPort } from '../../../mesh/libp2p/host-ports.ts';
import { joinChallenge, joinVerdict } from '../../../mesh/libp2p/join-messages.ts';
import { join } from './libp2p-peers.ts';
import type { TestPeer } from './libp2p-peers.ts';
import { startRogue, turnUntil } from './rogue.ts';
import type { Rogue } from './rogue.ts';
import { beginSiege } from './siege.ts';
import type { Siege } from './siege.ts';

/** What a connection says before anything is encrypted, and then no more. */
const multistream = (words: string): Buffer =>
  Buffer.concat([Buffer.of(words.length + 1), Buffer.from(`${words}\n`)]);
const beginnings: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  'the start of a negotiation': multistream('/multistream/1.0.0').subarray(0, 7),
  'the start of a noise handshake': Buffer.concat([
    multistream('/multistream/1.0.0'),
    multistream('/noise'),
    Buffer.of(0, 32, 1, 2, 3),
  ]),
  'a TLS hello': Buffer.concat([Buffer.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), randomBytes(64)]),
};

/** So many connections from each of so many addresses. */
function besiege(victim: TestPeer, first: Buffer, hosts: number, perHost: number): Socket[] {
  const { host, port } = parseHostPort(victim.transport.addresses()[0]!);
  const sockets = [];
  for (let at = 0; at < hosts * perHost; at++) {
    const socket = connect({ host, port, localAddress: `127.0.7.${1 + (at % hosts)}` });
    socket.on('error', () => undefined);
    // What it is told is thrown away; unread, it would keep the socket from closing.
    socket.resume();
    socket.write(first);
    sockets.push(socket);
  }
  return sockets;
}

/** A join while the crowd and its victim share one process: as long as the crowd takes to be dealt with, at most. */
const JOIN_LIMIT_MS = 10_000;

const waiting = (peer: TestPeer): number => peer.transport.inside()!.gate.waiting();

/** Asks in with a token that nobody gave it; resolves with how it was refused. */
async function askInVain(rogue: Rogue, victim: TestPeer): Promise<string> {
  const connection = await rogue.dial(victim);
  const stream = createFramedStream(await connection.newStream(JOIN_PROTOCOL));
  stream.write({ v: 1, nonce: randomBytes(JOIN_NONCE_BYTES) });
  await stream.read(joinChallenge);
  stream.write({
    tokenId: 'abcdef',
    proof: randomBytes(64),
    name: 'intruder',
    zone: 'default',
    addresses: [],
    servingRequest: '',
    sealingKey: randomBytes(32),
  });
  const verdict = await stream.read(joinVerdict);
  // The connection stays open: it is the victim's to end.
  return 'refused' in verdict ? verdict.refused.code : 'granted';
}

describe('a crowd at the door', function () {
  this.timeout(30_000);
  let siege: Siege;

  const joinsInTime = async (): Promise<void> => {
    const { authority, victim } = siege;
    const startMs = performance.now();
    const joined = await join(authority, victim, { name: 'late' });
    if (!joined.ok) throw joined.error;
    await turnUntil(() => victim.transport.isLinked(joined.value.identity.peer));
    const tookMs = performance.now() - startMs;
    await joined.value.stop();
    ok(tookMs < JOIN_LIMIT_MS, `a member was let in after ${Math.round(tookMs)} ms`);
  };

  beforeEach(async () => {
    siege = await beginSiege();
  });
  afterEach(async () => {
    await siege.end();
  });

  for (const [what, first] of Object.entries(beginnings)) {
    it(`that says ${what}, from eight addresses, lets others in, and is gone when its time is up`, async () => {
      const { victim } = siege;
      await siege.withstand(async () => {
        const sockets = besiege(victim, first, 8, 60);
        const closed = sockets.map((socket) => once(socket, 'close'));
        await turnUntil(() => waiting(victim) >= 200);
        await joinsInTime();
        ok(waiting(victim) <= 256, `${waiting(victim)} wait`);
        await Promise.all(closed);
        await turnUntil(() => waiting(victim) === 0);
      });
    });
  }

  it('whose places are all taken, each by another address, still lets others in', async () => {
    const { victim } = siege;
    await siege.withstand(async () => {
      const sockets = besiege(victim, beginnings['nothing']!, 250, 2);
      await turnUntil(() => waiting(victim) === 256);
      await joinsInTime();
      for (const socket of sockets) socket.destroy();
      await turnUntil(() => waiting(victim) === 0);
    });
  });

  for (const [hosts, perHost] of [
    [1, 60],
    [4, 20],
  ] as const) {
    it(`that asks in with bad tokens, from ${hosts} addresses, is refused, fills no log and holds no place`, async () => {
      const { victim } = siege;
      const rogues = await Promise.all(
        Array.from({ length: hosts }, (_, at) =>
          startRogue(generateIdentity(), `127.0.8.${1 + at}`),
        ),
      );
      try {
        await siege.withstand(async () => {
          const asked = rogues.flatMap((rogue) =>
            Array.from({ length: perHost }, async () => await askInVain(rogue, victim)),
          );
          const honest = joinsInTime();
          const outcomes = await Promise.allSettled(asked);
          const toldMs = performance.now();
          await honest;
          for (const outcome of outcomes) {
            // Where it heard anything at all.
            if (outcome.status === 'fulfilled') ok(outcome.value !== 'granted');
          }
          const heard = outcomes.filter(({ status }) => status === 'fulfilled').length;
          ok(heard >= 50, `${heard} were told that they are refused`);
          const lines = victim.log.lines().filter(({ message }) => message === 'join refused');
          ok(lines.length > 0 && lines.length <= 12, `${lines.length} lines`);
          await turnUntil(() => waiting(victim) === 0);
          // Not as long as a join may take: who was refused has nothing to wait for.
          const heldMs = performance.now() - toldMs;
          ok(heldMs < JOIN_LIMIT_MS, `places were held for ${Math.round(heldMs)} ms`);
        });
        equal(victim.mesh.members().filter(({ facts }) => facts.name === 'intruder').length, 0);
      } finally {
        await Promise.all(rogues.map((rogue) => rogue.stop()));
      }
    });
  }
});
