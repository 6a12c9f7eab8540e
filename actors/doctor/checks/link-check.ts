// Pairs that have no direct link: by name, direction and reason, once for each pair.

import { DIAL_REASON } from '../../../mesh/index.ts';
import type { Examination, Examined } from '../examination.ts';
import type { Check, Finding } from '../finding.ts';

/** A link that is being made needs a moment. */
const PATIENCE_MS = 5_000;

type Crooked = Examined['crooked'][number];

/** What both sides say of their link. */
interface Pair {
  readonly one: string;
  readonly other: string;
  /** By the id of who says it. */
  readonly said: Map<string, Crooked>;
}

export const linkCheck: Check = (examination) => {
  const findings = pairsOf(examination).flatMap((pair) => findingOf(examination, pair));
  const omitted = examination.peers.filter((peer) => peer.omitted > 0);
  return [
    ...findings,
    ...omitted.map(({ name, omitted: more }): Finding => ({
      check: 'links',
      severity: 'fault',
      peers: [name],
      sentence: `${name} has ${more} more links that are not direct`,
    })),
  ];
};

function pairsOf({ peers }: Examination): readonly Pair[] {
  const pairs = new Map<string, Pair>();
  for (const { peer, crooked } of peers) {
    for (const link of crooked) {
      const [one, other] = peer < link.peer ? [peer, link.peer] : [link.peer, peer];
      const key = `${one} ${other}`;
      const pair = pairs.get(key) ?? { one, other, said: new Map() };
      pairs.set(key, pair);
      pair.said.set(peer, link);
    }
  }
  return [...pairs.values()];
}

function findingOf(examination: Examination, pair: Pair): readonly Finding[] {
  const { nameOf } = examination;
  const said = [...pair.said.values()];
  const names = [nameOf(pair.one), nameOf(pair.other)].sort();
  const both = names.join(' and ');
  const relayed = said.find(({ path }) => path === 'relayed');
  const reasons = [...pair.said]
    .filter(([, { reason }]) => reason !== undefined)
    .map(([peer, { peer: target, reason }]) => `${nameOf(peer)} to ${nameOf(target)}: ${reason}`)
    .sort();
  const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  if (relayed !== undefined) {
    const dialsOut = said.every(({ reason }) => reason === DIAL_REASON.noAddress);
    return [
      {
        check: 'links',
        severity: dialsOut && said.length === 2 ? 'note' : 'fault',
        peers: names,
        sentence: `${both} are relayed via ${nameOf(relayed.via ?? '')}, and so slower${why}`,
        ...remedyOf(examination, pair),
      },
    ];
  }
  if (said.every(({ forMs }) => forMs < PATIENCE_MS)) return [];
  return [
    {
      check: 'links',
      severity: 'fault',
      peers: names,
      sentence: `${both} have no link${why}`,
      ...remedyOf(examination, pair),
    },
  ];
}

const KNOWN_REMEDIES: readonly (readonly [
  reason: string,
  remedy: (at: string, of: string) => string,
])[] = [
  [DIAL_REASON.silent, (at) => `let TCP in at ${at}`],
  [DIAL_REASON.refused, (at, of) => `let TCP in at ${at}, where ${of} must listen (--mesh-listen)`],
  [
    DIAL_REASON.noRoute,
    (_, of) => `give ${of} an address with a route to it: --announce HOST:PORT`,
  ],
  [
    DIAL_REASON.stranger,
    (at, of) =>
      `see who listens at ${at}, and give ${of} an address of its own: --announce HOST:PORT`,
  ],
  [DIAL_REASON.noAddress, (_, of) => `if ${of} can be dialled, say where: --announce HOST:PORT`],
];

/** For the first reason that a remedy is known for. */
function remedyOf({ nameOf }: Examination, { said }: Pair): { readonly remedy?: string } {
  for (const { peer, reason } of said.values()) {
    for (const each of (reason ?? '').split('; ')) {
      const known = KNOWN_REMEDIES.find(([text]) => each.endsWith(text));
      if (known === undefined) continue;
      const [text, remedy] = known;
      return { remedy: remedy(each.slice(0, -text.length).replace(/: $/, ''), nameOf(peer)) };
    }
  }
  return {};
}
