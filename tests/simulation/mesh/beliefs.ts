// Who believes what of whom, kept up to date by what each mesh tells: so that no question asks a million members.

import type { CountingMesh, Member, MemberStatus, PeerId } from '../../../mesh/index.ts';
import type { Judge } from './judge.ts';

/** What is true of a peer, apart from what anybody believes. */
export type Truth =
  | 'up'
  /** Crashed, frozen, vanished or left: others are right to bury it. */
  | 'down'
  /** In trouble or just out of it: whatever is believed of it is no mistake. */
  | 'unjudged';

const CODES: Readonly<Record<MemberStatus, number>> = { alive: 1, suspect: 2, dead: 3, left: 4 };

/** When each of the watched beliefs came true, in order. */
export interface Spread {
  readonly timesMs: readonly number[];
  /** How many observers there were to begin with. */
  readonly observers: number;
}

export interface Beliefs {
  readonly begins: (index: number, mesh: CountingMesh) => void;
  readonly ends: (index: number) => void;
  readonly leaves: (index: number) => void;
  /** While pardoned, nobody is wronged by what is believed: a whole partition is just over. */
  readonly pardon: (isPardoned: boolean) => void;
  readonly setTruth: (index: number, truth: Truth) => void;
  readonly truth: (index: number) => Truth;
  /** Peers that run and whose beliefs count: those in no trouble. */
  readonly observers: () => number;
  readonly believes: (observer: number, subject: number) => MemberStatus | undefined;
  /** Share of right beliefs among those that observers have of peers that are up or down. */
  readonly agreement: () => number;
  /** How many observers believe this of a peer. */
  readonly countOf: (subject: number, status: MemberStatus) => number;
  /** From now on: when observers first come to believe that `subject` has one of these statuses. */
  readonly watchStatus: (subject: number, statuses: readonly MemberStatus[]) => Spread;
  /** From now on: when observers first hold this stamp of `subject`, or a later one. */
  readonly watchStamp: (subject: number, kind: StampKind, stamp: number) => Spread;
  readonly stamp: (observer: number, subject: number, kind: StampKind) => number;
  /** Share of observers and subjects where the one holds at least this stamp of the other. */
  readonly stampShare: (kind: StampKind, least: ReadonlyMap<number, number>) => number;
  readonly counts: () => BeliefCounts;
}

export type StampKind = 'urgent' | 'calm';

export interface BeliefCounts {
  /** Times that a peer in no trouble was suspected by anybody in none, each once an incarnation. */
  readonly falseSuspicions: number;
  /** The same of deaths. */
  readonly falseDeaths: number;
}

interface Watch {
  readonly hits: Uint8Array;
  readonly timesMs: number[];
  readonly observers: number;
  readonly holds: (code: number, stamp: number) => boolean;
  readonly kind: StampKind | undefined;
}

export function createBeliefs(
  size: number,
  indexOf: ReadonlyMap<PeerId, number>,
  nowMs: () => number,
  judge: Judge,
  /** The latest stamp that a peer itself gave. */
  saidBy: (subject: number, kind: StampKind) => number,
): Beliefs {
  const codes = new Uint8Array(size * size);
  const incarnations = new Float64Array(size * size);
  const stamps = { urgent: new Float64Array(size * size), calm: new Float64Array(size * size) };
  const truths: Truth[] = Array.from({ length: size }, () => 'down');
  const running = new Uint8Array(size);
  const lives = new Uint32Array(size);
  const watches = new Map<number, Set<Watch>>();
  const wronged = { suspect: new Set<string>(), dead: new Set<string>() };

  let isPardoned = false;

  const isObserver = (index: number): boolean => running[index] === 1 && truths[index] === 'up';

  const isRight = (code: number, truth: Truth): boolean =>
    truth === 'up' ? code === CODES.alive : code === 0 || code >= CODES.dead;

  const judgeStatus = (observer: number, subject: number, member: Member): void => {
    if (truths[subject] !== 'up' || !isObserver(observer)) return;
    if (member.status === 'left') {
      judge.say('forgery', `p${observer} believes that p${subject} left, which never said so`);
    }
    if (member.status === 'alive' || isPardoned) return;
    const key = `${subject} ${member.incarnation}`;
    (member.status === 'suspect' ? wronged.suspect : wronged.dead).add(key);
  };

  const note = (observer: number, subject: number, watch: Watch): void => {
    if (watch.hits[observer] === 1 || !isObserver(observer)) return;
    const at = observer * size + subject;
    const stamp = watch.kind === undefined ? 0 : stamps[watch.kind][at]!;
    if (!watch.holds(codes[at]!, stamp)) return;
    watch.hits[observer] = 1;
    watch.timesMs.push(nowMs());
  };

  const stampOf = (value: string | number | undefined): number =>
    value === undefined ? -1 : Number(value);

  const see = (observer: number, member: Member): void => {
    const subject = indexOf.get(member.peer);
    if (subject === undefined) {
      judge.say('forgery', `p${observer} believes in ${member.peer}, whom nobody ever started`);
      return;
    }
    const at = observer * size + subject;
    if (member.incarnation < incarnations[at]!) {
      judge.say(
        'incarnations go back',
        `p${observer} held incarnation ${incarnations[at]} of p${subject}, and then ${member.incarnation}`,
      );
    }
    incarnations[at] = member.incarnation;
    codes[at] = CODES[member.status];
    judgeStatus(observer, subject, member);
    for (const [kind, value] of [
      ['urgent', member.facts.labels?.['stamp']],
      ['calm', member.facts.allocated?.cpuMillis],
    ] as const) {
      const stamp = stampOf(value);
      if (stamp < 0) continue;
      if (stamp > saidBy(subject, kind)) {
        judge.say(
          'forgery',
          `p${observer} knows ${kind} fact ${stamp} of p${subject}, which never said it`,
        );
      }
      if (stamp < stamps[kind][at]!) {
        judge.say(
          'facts go back',
          `p${observer} knew ${kind} fact ${stamps[kind][at]} of p${subject}, and then ${stamp}`,
        );
      }
      stamps[kind][at] = stamp;
    }
    const watching = watches.get(subject);
    if (watching !== undefined) for (const watch of watching) note(observer, subject, watch);
  };

  const observers = (): number => {
    let count = 0;
    for (let i = 0; i < size; i++) if (isObserver(i)) count++;
    return count;
  };

  const watch = (subject: number, made: Pick<Watch, 'holds' | 'kind'>): Spread => {
    const fresh: Watch = {
      ...made,
      hits: new Uint8Array(size),
      timesMs: [],
      observers: observers() - (isObserver(subject) ? 1 : 0),
    };
    const of = watches.get(subject) ?? new Set();
    of.add(fresh);
    watches.set(subject, of);
    for (let observer = 0; observer < size; observer++) {
      if (observer !== subject) note(observer, subject, fresh);
    }
    fresh.hits[subject] = 1;
    return fresh;
  };

  return {
    begins: (index, mesh) => {
      running[index] = 1;
      truths[index] = 'up';
      const life = ++lives[index]!;
      for (const cells of [codes, incarnations, stamps.urgent, stamps.calm]) {
        cells.fill(0, index * size, (index + 1) * size);
      }
      for (const member of mesh.members()) see(index, member);
      mesh.onMember(({ member }) => {
        if (lives[index] === life && running[index] === 1) see(index, member);
      });
    },
    ends: (index) => {
      running[index] = 0;
      truths[index] = 'down';
    },
    leaves: (index) => {
      truths[index] = 'down';
    },
    pardon: (pardoned) => {
      isPardoned = pardoned;
    },
    setTruth: (index, truth) => {
      truths[index] = truth;
    },
    truth: (index) => truths[index]!,
    observers,
    believes: (observer, subject) => {
      const code = codes[observer * size + subject];
      return (Object.keys(CODES) as MemberStatus[]).find((status) => CODES[status] === code);
    },
    agreement: () => {
      let right = 0;
      let all = 0;
      for (let observer = 0; observer < size; observer++) {
        if (!isObserver(observer)) continue;
        for (let subject = 0; subject < size; subject++) {
          const truth = truths[subject]!;
          if (truth === 'unjudged') continue;
          all++;
          if (isRight(codes[observer * size + subject]!, truth)) right++;
        }
      }
      return all === 0 ? 1 : right / all;
    },
    countOf: (subject, status) => {
      let count = 0;
      for (let observer = 0; observer < size; observer++) {
        if (observer === subject || !isObserver(observer)) continue;
        if (codes[observer * size + subject] === CODES[status]) count++;
      }
      return count;
    },
    watchStatus: (subject, statuses) => {
      const wanted = statuses.map((status) => CODES[status]);
      return watch(subject, { kind: undefined, holds: (code) => wanted.includes(code) });
    },
    watchStamp: (subject, kind, least) =>
      watch(subject, { kind, holds: (_, stamp) => stamp >= least }),
    stamp: (observer, subject, kind) => stamps[kind][observer * size + subject]!,
    stampShare: (kind, least) => {
      let known = 0;
      let all = 0;
      for (let observer = 0; observer < size; observer++) {
        if (!isObserver(observer)) continue;
        for (const [subject, stamp] of least) {
          all++;
          if (stamps[kind][observer * size + subject]! >= stamp) known++;
        }
      }
      return all === 0 ? 1 : known / all;
    },
    counts: () => ({ falseSuspicions: wronged.suspect.size, falseDeaths: wronged.dead.size }),
  };
}
