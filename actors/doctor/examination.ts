// Asks every member for its account, all at once, and waits for none longer than the deadline.

import type { Member, Mesh, PeerId } from '../../mesh/index.ts';
import { formatAddress } from '../../runtime/index.ts';
import type { ActorSystem, Clock } from '../../runtime/index.ts';
import { doctorPath } from './doctor-actor.ts';
import type { DoctorMessage } from './doctor-actor.ts';
import { readAccount } from './peer-account.ts';
import type { PeerAccount } from './peer-account.ts';

/** Time for a question and its answer, through a relay or over a link that has to be made. */
export const ANSWER_LIMIT_MS = 3_000;

export interface Examined extends PeerAccount {
  /** How far its clock is ahead of the one of the peer that asked, give or take half of the round trip. */
  readonly aheadMs: number;
  readonly inexactMs: number;
}

interface Silence {
  readonly peer: PeerId;
  /** What its question ended with. */
  readonly reason: string;
}

const isAnswer = (one: Examined | Silence): one is Examined => 'wallMs' in one;

/** What the checks look at. */
export interface Examination {
  /** Who answered, ordered by name. */
  readonly peers: readonly Examined[];
  /** Living members that did not. */
  readonly silent: readonly Silence[];
  /** Members held for dead. */
  readonly dead: readonly PeerId[];
  readonly nameOf: (peer: PeerId) => string;
}

export interface ExaminationParts {
  readonly system: Pick<ActorSystem, 'ask' | 'ref'>;
  readonly mesh: Pick<Mesh, 'self' | 'members' | 'member'>;
  readonly clock: Clock;
}

export async function examine({ system, mesh, clock }: ExaminationParts): Promise<Examination> {
  const ask = async ({ peer }: Member): Promise<Examined | Silence> => {
    const askedMs = clock.wallMs();
    const ref = system.ref<DoctorMessage>(formatAddress({ peer, path: doctorPath }));
    const question = (replyTo: DoctorMessage['replyTo']): DoctorMessage => ({
      type: 'account',
      replyTo,
    });
    const answer = await system.ask<DoctorMessage, PeerAccount>(ref, question, ANSWER_LIMIT_MS);
    if (!answer.ok) return { peer, reason: answer.error.message };
    const account = readAccount(answer.value);
    // Nobody speaks for another.
    if (account?.peer !== peer) return { peer, reason: 'its answer is not understood' };
    const answeredMs = clock.wallMs();
    return {
      ...account,
      aheadMs: account.wallMs - (askedMs + answeredMs) / 2,
      inexactMs: (answeredMs - askedMs) / 2,
    };
  };
  const members = mesh.members();
  const living = members.filter(({ status }) => status === 'alive' || status === 'suspect');
  const answers = await Promise.all(living.map(ask));
  return {
    peers: answers.filter(isAnswer).sort((a, b) => (a.name < b.name ? -1 : 1)),
    silent: answers.filter((answer): answer is Silence => !isAnswer(answer)),
    dead: members.filter(({ status }) => status === 'dead').map(({ peer }) => peer),
    nameOf: (peer) => mesh.member(peer)?.facts.name ?? peer,
  };
}
