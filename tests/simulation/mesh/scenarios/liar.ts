// A member that lies, as loudly as it can, about all others: what others sign, nobody can say for them, and
// nobody is held for dead who can still contradict.

import { encodeGossip } from '../../../../mesh/gossip-message.ts';
import type { MemberUpdate } from '../../../../mesh/membership/member-claim.ts';
import type { Stage } from '../stage.ts';
import { addressOf } from '../peer-names.ts';
import type { MeshScenario } from './scenario.ts';
import { returns } from './losses.ts';

const REFUTATIONS_MEMORY_MS = 60_000;
const LIES_MS = 20_000;
const LIE_EVERY_MS = 500;
const SIGNATURE_BYTES = 64;

/** One of each kind, about somebody who is well. */
function liesAbout(stage: Stage, liar: number): readonly Uint8Array[] {
  const { world, chance } = stage;
  const { peer, index } = stage.anyone(liar);
  const { incarnation, facts } = world.node(index).mesh.member(peer)!;
  const signature = chance.bytes(SIGNATURE_BYTES);
  const addresses = [addressOf(index)];
  const base: MemberUpdate = { peer, status: 'alive', incarnation, addresses, signature };
  const invented = `12D3KooW${[...chance.bytes(22)].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
  const news: readonly MemberUpdate[] = [
    { ...base, peer: invented },
    { ...base, incarnation: incarnation + 1_000_000, addresses: ['192.0.2.1:7460'] },
    { ...base, status: 'left' },
    { ...base, status: 'suspect', by: world.peers[liar] },
    { ...base, status: 'suspect', by: stage.anyone(liar).peer },
    { ...base, status: 'dead', by: world.peers[liar] },
  ];
  const version = 1_000_000;
  const text = JSON.stringify({ ...facts.labels, stamp: String(version) });
  const entries = [{ key: 'labels', version, text }];
  const delta = {
    peer,
    incarnation: incarnation + 2_000_000,
    from: 0,
    version,
    entries,
    signature,
  };
  return [
    encodeGossip({ type: 'news', news }),
    encodeGossip({ type: 'members-claims', claims: news, wanted: [] }),
    encodeGossip({ type: 'facts-delta', deltas: [delta], isNews: true }),
  ];
}

export const liar: MeshScenario = {
  name: 'liar',
  what: 'one invents members, moves, ends, suspects and buries others, and forges facts, twice a second for 20 s',
  play: async (stage) => {
    const { world } = stage;
    const { index } = stage.anyone();
    world.beliefs.setTruth(index, 'unjudged');
    for (let passedMs = 0; passedMs < LIES_MS; passedMs += LIE_EVERY_MS) {
      for (const frame of liesAbout(stage, index)) {
        for (const to of world.network.linked(world.peers[index]!)) world.forge(index, to, frame);
      }
      await stage.pass(LIE_EVERY_MS);
    }
    const times = await stage.reach(world.beliefs.agreement, 10_000);
    await returns(stage, index);
    // Whoever had to contradict is given longer for so long: the next scenario should not see it.
    await stage.pass(REFUTATIONS_MEMORY_MS);
    return times;
  },
};
