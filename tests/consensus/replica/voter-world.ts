// A zone as voter selection sees it: replicas that join, die, come back, lose their disks and leave, as a script says.

import type { Candidate, VoterChange } from '../../../consensus/replica/voter-selection.ts';
import { selectVoters, voterLimits } from '../../../consensus/replica/voter-selection.ts';

export type Happening =
  | { readonly type: 'join'; readonly domain: number; readonly isWitness: boolean }
  | {
      readonly type: 'die' | 'return' | 'leave' | 'wipe' | 'lag' | 'lead' | 'cordon';
      readonly at: number;
    }
  | { readonly type: 'wait'; readonly ms: number };

interface Replica {
  readonly id: number;
  readonly peer: number;
  readonly domain: string;
  readonly isWitness: boolean;
  isAlive: boolean;
  diedAtMs: number;
  isCaughtUp: boolean;
  steadySinceMs: number;
  isWithdrawn: boolean;
  hasLeft: boolean;
}

export interface Step {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly leader: number;
  readonly change: VoterChange;
  readonly candidates: readonly Candidate[];
}

/** Founded by one full peer. */
export interface VoterWorld {
  readonly happen: (happening: Happening) => void;
  /** The next change, carried out; undefined when there is none, or no quorum to agree on one. */
  readonly step: (maxVoters?: number) => Step | undefined;
  readonly voters: () => readonly number[];
  readonly hasQuorum: () => boolean;
  readonly candidates: () => readonly Candidate[];
}

/** A disk that was lost: the peer is alive, its old replica is not. */
export const lives = ({ alive, superseded }: Candidate): boolean => alive && !superseded;

export function createVoterWorld(): VoterWorld {
  const replicas: Replica[] = [];
  let voters: number[] = [];
  let learners: number[] = [];
  let leader = 0;
  let nowMs = 0;

  const add = (peer: number, domain: string, isWitness: boolean): Replica => {
    const replica = {
      id: replicas.length + 1,
      peer,
      domain,
      isWitness,
      isAlive: true,
      diedAtMs: 0,
      isCaughtUp: true,
      steadySinceMs: nowMs,
      isWithdrawn: false,
      hasLeft: false,
    };
    replicas.push(replica);
    return replica;
  };
  const newestOf = (peer: number): Replica => replicas.findLast((each) => each.peer === peer)!;
  const isNewest = (replica: Replica): boolean => newestOf(replica.peer) === replica;
  const listed = (): Replica[] => replicas.filter(({ hasLeft }) => !hasLeft);
  const canVote = (id: number): boolean => {
    const replica = replicas[id - 1]!;
    return replica.isAlive && isNewest(replica);
  };
  const hasQuorum = (): boolean => voters.filter(canVote).length > voters.length / 2;

  voters = [(leader = add(1, 'domain-0', false).id)];

  const candidates = (): Candidate[] =>
    listed().map((replica) => ({
      id: replica.id,
      domain: replica.domain,
      isWitness: replica.isWitness,
      isWithdrawn: replica.isWithdrawn,
      alive: replica.isAlive,
      deadForMs: replica.isAlive ? 0 : nowMs - replica.diedAtMs,
      caughtUp: replica.isCaughtUp,
      steadyForMs: replica.isAlive && replica.isCaughtUp ? nowMs - replica.steadySinceMs : 0,
      superseded: !isNewest(replica),
    }));

  /** Whoever can: one that leaves, dies or is a witness is followed by a full voter, if there is one. */
  const elect = (): void => {
    const canLead = (id: number): boolean => canVote(id) && !replicas[id - 1]!.hasLeft;
    const able = voters.filter(canLead);
    const full = able.filter((id) => !replicas[id - 1]!.isWitness);
    const heirs = full.length > 0 ? full : able;
    if (!heirs.includes(leader)) leader = heirs[0] ?? leader;
  };

  const happen = (happening: Happening): void => {
    if (happening.type === 'wait') {
      nowMs += happening.ms;
      return;
    }
    if (happening.type === 'join') {
      add(replicas.length + 1, `domain-${happening.domain}`, happening.isWitness);
      return;
    }
    const present = listed().filter(isNewest);
    const replica = present[happening.at % present.length];
    if (replica === undefined) return;
    const others = present.filter((each) => each !== replica && !each.isWitness && each.isAlive);
    switch (happening.type) {
      case 'die':
        if (replica.isAlive) replica.diedAtMs = nowMs;
        replica.isAlive = false;
        return;
      case 'return':
        if (!replica.isAlive || !replica.isCaughtUp) replica.steadySinceMs = nowMs;
        replica.isAlive = true;
        replica.isCaughtUp = true;
        return;
      case 'lag':
        replica.isCaughtUp = voters.includes(replica.id);
        return;
      case 'cordon':
        replica.isWithdrawn = !replica.isWithdrawn;
        return;
      case 'leave':
        // The last living full peer is refused.
        if (replica.isAlive && others.length > 0) replica.hasLeft = true;
        return;
      case 'wipe':
        if (replica.id !== leader) add(replica.peer, replica.domain, replica.isWitness);
        return;
      case 'lead':
        if (hasQuorum() && voters.includes(replica.id) && replica.isAlive) leader = replica.id;
    }
  };

  const step = (maxVoters = voterLimits.maxVoters): Step | undefined => {
    if (!hasQuorum()) return undefined;
    if (!replicas[leader - 1]!.hasLeft || !canVote(leader)) elect();
    const seen = candidates();
    const limits = { ...voterLimits, maxVoters };
    let change = selectVoters({ voters, learners }, leader, seen, limits);
    if (change === undefined && replicas[leader - 1]!.hasLeft) {
      elect();
      change = selectVoters({ voters, learners }, leader, seen, limits);
    }
    if (change === undefined) return undefined;
    const before = voters;
    const out = new Set([...change.demote, ...change.remove]);
    voters = [...voters.filter((id) => !out.has(id)), ...change.promote].sort((a, b) => a - b);
    const moved = new Set([...change.promote, ...change.remove]);
    learners = [
      ...learners.filter((id) => !moved.has(id)),
      ...change.demote,
      ...change.addLearners,
    ].sort((a, b) => a - b);
    const taken = { before, after: voters, leader, change, candidates: seen };
    elect();
    return taken;
  };

  return { happen, step, voters: () => voters, hasQuorum, candidates };
}
