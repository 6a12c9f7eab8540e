// What a stopped replica has and what may be lost, as a person reads it.

import type { Member, Survey } from '../../consensus/index.ts';
import type { StoppedPeer } from './stopped-peer.ts';

const named = (names: ReadonlyMap<string, string>, { replica, peer, isSelf }: Member): string => {
  const name = peer === undefined ? `replica ${replica}` : (names.get(peer) ?? peer);
  return isSelf ? `${name} (this one)` : name;
};

/** For people. */
export function surveyText({ survey, state, changedAt, epoch }: StoppedPeer): string {
  const list = (members: readonly Member[]): string =>
    members
      .map((member) => named(state.names, member))
      .sort()
      .join(', ') || 'none';
  const { replica, term, lastEntry, commit, revision, voters, votersOutgoing, learners } = survey;
  const lines: readonly (readonly [string, string])[] = [
    ['Replica', String(replica)],
    ['Epoch', epoch],
    ['Term', String(term)],
    ['Last entry', `term ${lastEntry.term}, index ${lastEntry.index}`],
    ['Committed', `up to index ${commit}, as far as it knows`],
    ['Revision', String(revision)],
    ['Objects', `${state.objects} (${state.keys} keys)`],
    ['Voters', list(voters)],
    ...(votersOutgoing.length === 0 ? [] : [['Voters before', list(votersOutgoing)] as const]),
    ['Learners', list(learners)],
    ['Authority', authorityText(survey, state)],
    [
      'Last write',
      changedAt === undefined ? 'unknown' : `${changedAt.toISOString()}, by its files`,
    ],
  ];
  const facts = lines.map(([label, value]) => `${`${label}:`.padEnd(15)}${value}\n`).join('');
  return `${facts}\n${[keptText(survey), lostText(survey, list), adviceText].join('\n\n')}\n`;
}

/** Without it a zone goes on, and can let nobody in any more. */
function authorityText(
  { voters, votersOutgoing, learners }: Survey,
  state: StoppedPeer['state'],
): string {
  const self = [...voters, ...votersOutgoing, ...learners].find(({ isSelf }) => isSelf);
  return self?.peer !== undefined && state.holdsAuthority(self.peer)
    ? 'here'
    : 'not here: a zone that goes on from this peer can let nobody new in and renew no certificate; recover where it is here, if such a peer is left';
}

function keptText({ lastEntry, commit }: Survey): string {
  const unsure = lastEntry.index - commit;
  if (unsure === 0) return 'Kept: all it has; it knows every entry to be committed.';
  const entries = unsure === 1 ? '1 entry' : `${unsure} entries`;
  return (
    `Kept: all it has. Of that, ${entries} it does not know to be committed: they may have been\n` +
    'acknowledged, so they are kept.'
  );
}

/** Which of the others could acknowledge a write that this replica never saw. */
function lostText(survey: Survey, list: (members: readonly Member[]) => string): string {
  const { voters, votersOutgoing } = survey;
  const quorum = Math.floor(voters.length / 2) + 1;
  const others = voters.filter(({ isSelf }) => !isSelf);
  const isOutgoing = votersOutgoing.some(({ isSelf }) => isSelf);
  const isNeeded =
    (others.length < quorum && others.length < voters.length) ||
    (isOutgoing && votersOutgoing.length === 1);
  if (isNeeded) return 'Lost: nothing. No write was acknowledged without this replica.';
  const who = quorum === others.length ? list(others) : `any ${quorum} of ${list(others)}`;
  return (
    `Lost: whatever the others acknowledged after this replica was last in touch. ${who}\n` +
    'could do so without it.'
  );
}

const adviceText =
  'Run this at every survivor, and recover at one only: the one whose last entry has the greatest\n' +
  'term and, of equal terms, the greatest index.';
