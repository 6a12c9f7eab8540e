// Floods below the streams: frames of the muxer, by strangers and by members.

import { equal, ok } from 'node:assert/strict';
import { enter, ended, hangUp, turn, turnUntil } from './rogue.ts';
import type { RawMuxer, YamuxFrame } from './rogue.ts';
import { beginSiege } from './siege.ts';
import type { Siege } from './siege.ts';

const [DATA, WINDOW_UPDATE, PING] = [0, 1, 2];
const [SYN, RST] = [1, 8];

/** What of a flood leaves in one turn of the event loop. */
const FRAMES_PER_TURN = 500;

/** Until all are sent or the other side has ended the connection. Gives how many were sent. */
async function flood(
  muxer: RawMuxer,
  count: number,
  frame: (at: number) => YamuxFrame,
): Promise<number> {
  for (let at = 0; at < count; at++) {
    if (muxer.isClosed()) return at;
    const { type, ...rest } = frame(at);
    muxer.sendFrame({ type, ...rest }, type === DATA ? new Uint8Array(0) : undefined);
    if (at % FRAMES_PER_TURN === 0) await turn();
  }
  return count;
}

/** Counts answers to pings, which nobody here has asked for. */
function countPongs(muxer: RawMuxer): () => number {
  let pongs = 0;
  muxer.handlePing = ({ flag }) => {
    if (flag !== SYN) pongs += 1;
  };
  return () => pongs;
}

describe('a flood of muxer frames', function () {
  this.timeout(30_000);
  let siege: Siege;

  beforeEach(async () => {
    siege = await beginSiege();
  });
  afterEach(async () => {
    await siege.end();
  });

  for (const who of ['stranger', 'member'] as const) {
    it(`that are pings ends the connection of a ${who}, and few are answered`, async () => {
      const { authority, victim, rogue } = siege;
      await siege.withstand(async () => {
        const connection =
          who === 'stranger'
            ? await rogue.dial(victim)
            : (await enter(authority, rogue, victim)).connection;
        const muxer = rogue.muxers.at(-1)!;
        const pongs = countPongs(muxer);
        await flood(muxer, 50_000, (at) => ({ type: PING, flag: SYN, streamID: 0, length: at }));
        await ended(rogue, connection);
        ok(pongs() <= 20, `${pongs()} answers`);
      });
    });
  }

  it('that are window updates of a stranger ends its connection after 64 KiB', async () => {
    const { victim, rogue } = siege;
    await siege.withstand(async () => {
      const connection = await rogue.dial(victim);
      await flood(rogue.muxers.at(-1)!, 50_000, (at) => ({
        type: WINDOW_UPDATE,
        flag: 0,
        streamID: 2 * at + 1,
        length: 1,
      }));
      await ended(rogue, connection);
    });
  });

  for (const [what, frame] of [
    ['window updates of a lane', { type: WINDOW_UPDATE, flag: 0, length: 0xffff }],
    ['empty pieces of a lane', { type: DATA, flag: 0, length: 0 }],
  ] as const) {
    it(`that are ${what}, by a member, costs the others nothing`, async () => {
      const { authority, victim, rogue } = siege;
      await siege.withstand(async () => {
        const { connection, lanes } = await enter(authority, rogue, victim);
        const streamID = Number(lanes.bulk.id);
        await flood(rogue.muxers.at(-1)!, 100_000, () => ({ ...frame, streamID }));
        await hangUp(connection);
        await turnUntil(() => !victim.transport.isLinked(rogue.identity.peer));
      });
    });
  }

  it('that open streams, by a member that names no protocol, ends its connection', async () => {
    const { authority, victim, rogue } = siege;
    await siege.withstand(async () => {
      const { connection } = await enter(authority, rogue, victim);
      await flood(rogue.muxers.at(-1)!, 20_000, (at) => ({
        type: WINDOW_UPDATE,
        flag: SYN,
        streamID: 1_000_001 + 2 * at,
        length: 0,
      }));
      await ended(rogue, connection);
      await turnUntil(() => !victim.transport.isLinked(rogue.identity.peer));
    });
  });

  it('that open streams and reset them at once, by a member, ends its connection and leaves none behind', async () => {
    const { authority, victim, rogue } = siege;
    await siege.withstand(async () => {
      const { connection } = await enter(authority, rogue, victim);
      const open = (): number =>
        victim.transport
          .inside()!
          .node.getConnections()
          .filter(({ remotePeer }) => remotePeer.toString() === rogue.identity.peer)
          .reduce((total, { streams }) => total + streams.length, 0);
      const muxer = rogue.muxers.at(-1)!;
      for (let at = 0; at < 20_000 && !muxer.isClosed(); at++) {
        const streamID = 1_000_001 + 2 * at;
        muxer.sendFrame({ type: WINDOW_UPDATE, flag: SYN, streamID, length: 0 });
        muxer.sendFrame({ type: WINDOW_UPDATE, flag: RST, streamID, length: 0 });
        if (at % FRAMES_PER_TURN === 0) await turn();
      }
      await ended(rogue, connection);
      await turnUntil(() => open() === 0);
      equal(victim.transport.isLinked(rogue.identity.peer), false);
    });
  });
});
