// What could be wrong with a mesh, planted one at a time by wrapping its ports: the checkers must find each.

import { decodeGossip, encodeGossip } from '../../../mesh/gossip-message.ts';
import type { CountingMesh, Member, Transport } from '../../../mesh/index.ts';
import type { MemberEvent } from '../../../mesh/mesh.ts';
import { createTokenBucket } from '../../../mesh/token-bucket.ts';
import { LAN } from '../../../mesh/timing.ts';
import type { Check } from './judge.ts';
import type { Flaw } from './world.ts';

export interface PlantedMeshBug {
  readonly name: string;
  readonly flaw: Flaw;
  readonly peers: number;
  readonly scenarios: readonly string[];
  /** What notices it. */
  readonly finds: readonly Check[];
}

const overTransport = (wrap: (transport: Transport) => Partial<Transport>): Flaw => ({
  parts: (parts) => ({ ...parts, transport: { ...parts.transport, ...wrap(parts.transport) } }),
});

const overEvents = (change: (event: MemberEvent) => MemberEvent): Flaw => ({
  mesh: (mesh): CountingMesh => ({
    ...mesh,
    onMember: (changed) => mesh.onMember((event) => changed(change(event))),
  }),
});

const seen = (member: Member, changes: Partial<Member>): Member => ({ ...member, ...changes });

/** Whether this frame says of its sender that it lives, in words newer than its first. */
function isRefutation(self: string, first: number, frame: Uint8Array): boolean {
  const message = decodeGossip(frame);
  if (!message.ok || !('news' in message.value) || message.value.type === 'facts-hash')
    return false;
  const { news } = message.value;
  return news.some(({ peer, incarnation }) => peer === self && incarnation > first);
}

const mute: Flaw = {
  parts: (parts) => {
    const { transport } = parts;
    let first: number | undefined;
    const isSwallowed = (frame: Uint8Array): boolean => {
      const message = decodeGossip(frame);
      if (!message.ok || !('news' in message.value) || message.value.type === 'facts-hash')
        return false;
      const own = message.value.news.find(({ peer }) => peer === transport.self);
      if (own === undefined) return false;
      first ??= own.incarnation;
      return isRefutation(transport.self, first, frame);
    };
    return {
      ...parts,
      transport: {
        ...transport,
        send: (to, lane, frame) => isSwallowed(frame) || transport.send(to, lane, frame),
        sendDatagram: (to, bytes) => isSwallowed(bytes) || transport.sendDatagram(to, bytes),
      },
    };
  },
};

/** Answers its own probes, whoever is asked. */
const credulous: Flaw = {
  parts: (parts) => {
    const { transport } = parts;
    let hear: ((from: string, bytes: Uint8Array) => void) | undefined;
    const answers = (to: string, bytes: Uint8Array): boolean => {
      const message = decodeGossip(bytes);
      if (!message.ok || message.value.type !== 'ping') return false;
      hear?.(to, encodeGossip({ type: 'ack', seq: message.value.seq, news: [] }));
      return true;
    };
    return {
      ...parts,
      transport: {
        ...transport,
        start: (handlers) => {
          hear = handlers.datagram;
          return transport.start({
            ...handlers,
            link: (peer, change, address) => {
              if (change !== 'lost') handlers.link(peer, change, address);
            },
          });
        },
        send: (to, lane, frame) => answers(to, frame) || transport.send(to, lane, frame),
        sendDatagram: (to, bytes) => answers(to, bytes) || transport.sendDatagram(to, bytes),
      },
    };
  },
};

/** Gives up for good on whoever was lost once. */
const unforgiving = overTransport((transport) => {
  const lost = new Set<string>();
  return {
    start: (handlers) =>
      transport.start({
        ...handlers,
        link: (peer, change, address) => {
          if (change === 'lost') {
            lost.add(peer);
            transport.disconnect(peer);
          }
          if (change !== 'up' || !lost.has(peer)) handlers.link(peer, change, address);
          else transport.disconnect(peer);
        },
      }),
    connect: (peer, addresses) => {
      if (!lost.has(peer)) transport.connect(peer, addresses);
    },
    reach: (peer, addresses) => {
      if (!lost.has(peer)) transport.reach(peer, addresses);
    },
  };
});

const camps: Flaw = {
  parts: (parts, index, world) => {
    const { transport } = parts;
    const isSame = (peer: string): boolean => world.peers.indexOf(peer) % 2 === index % 2;
    return {
      ...parts,
      transport: {
        ...transport,
        connect: (peer, addresses) => {
          if (isSame(peer)) transport.connect(peer, addresses);
        },
        reach: (peer, addresses) => {
          if (isSame(peer)) transport.reach(peer, addresses);
        },
      },
    };
  },
};

/** Hears hints while there are any left for all origins together, whoever used them up. */
const undivided: Flaw = {
  parts: (parts, _, world) => {
    const { transport } = parts;
    const all = createTokenBucket({ burst: 40, perSecond: 20 });
    const { nowMs } = world.simulation;
    return {
      ...parts,
      transport: {
        ...transport,
        start: (handlers) =>
          transport.start({
            ...handlers,
            published: (from, topic, hint) => {
              if (!all.take(1, nowMs())) return 'pass on';
              handlers.published(from, topic, hint);
              return 'pass on';
            },
          }),
      },
    };
  },
};

let turn = 0;

export const plantedMeshBugs: readonly PlantedMeshBug[] = [
  {
    name: 'believes whatever is signed, by whomever',
    flaw: { parts: (parts) => ({ ...parts, signer: { ...parts.signer, verify: () => true } }) },
    peers: 10,
    scenarios: ['liar'],
    finds: ['forgery'],
  },
  {
    name: 'takes a suspicion for a death',
    flaw: overEvents((event) =>
      event.member.status === 'suspect'
        ? { ...event, member: seen(event.member, { status: 'dead' }) }
        : event,
    ),
    peers: 10,
    scenarios: ['deaf'],
    finds: ['false death'],
  },
  {
    name: 'never contradicts a suspicion of itself',
    flaw: mute,
    peers: 10,
    scenarios: ['deaf', 'flapping'],
    finds: ['false death', 'convergence'],
  },
  {
    name: 'takes any probe for answered',
    flaw: credulous,
    peers: 10,
    scenarios: ['freeze'],
    finds: ['detection'],
  },
  {
    name: 'never dials again whom it lost',
    flaw: unforgiving,
    peers: 10,
    scenarios: ['partition-half'],
    finds: ['convergence', 'overlay'],
  },
  {
    name: 'links only with every other peer',
    flaw: camps,
    peers: 60,
    scenarios: ['idle'],
    finds: ['convergence', 'overlay'],
  },
  {
    name: 'waits five times as long for a suspect',
    flaw: {
      parts: (parts) => ({
        ...parts,
        timing: {
          ...LAN,
          suspicionMinMs: 5 * LAN.suspicionMinMs,
          suspicionMaxMs: 5 * LAN.suspicionMaxMs,
        },
      }),
    },
    peers: 10,
    scenarios: ['kill'],
    finds: ['detection'],
  },
  {
    name: 'believes at once that another is dead',
    flaw: { parts: (parts) => ({ ...parts, timing: { ...LAN, hearsayMs: 0 } }) },
    peers: 10,
    scenarios: ['liar'],
    finds: ['false death'],
  },
  {
    name: 'talks of facts when there is nothing to say',
    flaw: { parts: (parts) => ({ ...parts, timing: { ...LAN, factsIdleMs: 40 } }) },
    peers: 10,
    scenarios: ['idle'],
    finds: ['quiet'],
  },
  {
    name: 'shows an old life again',
    flaw: overEvents((event) =>
      ++turn % 7 === 0
        ? { ...event, member: seen(event.member, { incarnation: event.member.incarnation - 1 }) }
        : event,
    ),
    peers: 10,
    scenarios: ['idle'],
    finds: ['incarnations go back'],
  },
  {
    name: 'says nothing of facts but to its first neighbour',
    flaw: overTransport((transport) => {
      let first: string | undefined;
      const isKept = (to: string, frame: Uint8Array): boolean => {
        const message = decodeGossip(frame);
        if (!message.ok || !message.value.type.startsWith('facts')) return true;
        first ??= to;
        return to === first;
      };
      return {
        send: (to, lane, frame) => !isKept(to, frame) || transport.send(to, lane, frame),
        publish: () => undefined,
      };
    }),
    peers: 30,
    scenarios: ['urgent-fact', 'any-fact'],
    finds: ['detection', 'convergence'],
  },
  {
    name: 'lets one origin use up the hints of all',
    flaw: undivided,
    peers: 30,
    scenarios: ['noisy-origin'],
    finds: ['detection'],
  },
];
