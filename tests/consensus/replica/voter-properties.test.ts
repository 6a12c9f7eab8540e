import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { voterLimits, votersMax } from '../../../consensus/replica/voter-selection.ts';
import type { Candidate } from '../../../consensus/replica/voter-selection.ts';
import { createVoterWorld, lives } from './voter-world.ts';
import type { Happening, Step, VoterWorld } from './voter-world.ts';

const peersMax = 12;
const index = fc.nat({ max: 2 * peersMax });
const happenings = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('join' as const),
        domain: fc.nat({ max: 4 }),
        isWitness: fc.boolean(),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constantFrom(
          'die' as const,
          'die' as const,
          'return' as const,
          'return' as const,
          'leave' as const,
          'wipe' as const,
          'lag' as const,
          'lead' as const,
          'cordon' as const,
        ),
        at: index,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('wait' as const),
        ms: fc.constantFrom(500, 5_000, 11_000, 31_000),
      }),
    },
  ),
  { maxLength: 60, size: 'max' },
);

const runs = { numRuns: 500 };
/** Longer than any change of up to seven voters and some dozens of learners takes, one at a time. */
const stepsMax = 40;

/** Plays the script and looks at every change that is made on the way. */
function play(script: readonly Happening[], look: (step: Step) => void, maxVoters?: number) {
  const world = createVoterWorld();
  for (const happening of script) {
    world.happen(happening);
    const step = world.step(maxVoters);
    if (step !== undefined) look(step);
  }
  return world;
}

/** Lets the zone settle while nothing happens; fails when it never does. */
function settle(world: VoterWorld, look: (step: Step) => void = () => undefined): void {
  world.happen({ type: 'wait', ms: 60_000 });
  for (let steps = 0; steps < stepsMax; steps++) {
    const step = world.step();
    if (step === undefined) return;
    look(step);
  }
  assert.fail(`voters still change after ${stepsMax} steps: ${JSON.stringify(world.voters())}`);
}

const holds = (look: (step: Step) => void, maxVoters?: number): void =>
  fc.assert(
    fc.property(happenings, (script) => {
      settle(play(script, look, maxVoters), look);
    }),
    runs,
  );

const quorum = (voters: readonly number[]): number => Math.floor(voters.length / 2) + 1;
const known = ({ candidates }: Step): Map<number, Candidate> =>
  new Map(candidates.map((candidate) => [candidate.id, candidate]));
/** How many more voters may die before the zone stands still; one that leaves is as good as dead. */
const reserve = (step: Step, voters: readonly number[]): number => {
  const byId = known(step);
  const living = voters.filter((id) => {
    const candidate = byId.get(id);
    return candidate !== undefined && lives(candidate);
  });
  return living.length - quorum(voters);
};

describe('voter selection, whatever happens', function () {
  this.timeout(60_000);

  it('keeps the number of voters odd and within its limit', () => {
    holds(({ after }) => {
      assert.equal(after.length % 2, 1);
      assert.ok(after.length <= voterLimits.maxVoters);
    });
  });

  it('goes to seven voters only when told to', () => {
    let most = 0;
    fc.assert(
      fc.property(happenings, (script) => {
        play(script, ({ after }) => (most = Math.max(most, after.length)), votersMax);
      }),
      runs,
    );
    assert.equal(most, votersMax);
  });

  it('shrinks only when a voter has left', () => {
    holds((step) => {
      const byId = known(step);
      const hasLeaver = step.before.some((id) => !byId.has(id));
      assert.ok(step.after.length >= step.before.length || hasLeaver);
    });
  });

  it('never makes a quorum harder to reach', () => {
    holds((step) => assert.ok(reserve(step, step.after) >= reserve(step, step.before)));
  });

  it('gives a vote only to learners that are alive and caught up', () => {
    holds((step) => {
      for (const id of step.change.promote) {
        const candidate = known(step).get(id)!;
        assert.ok(lives(candidate) && candidate.caughtUp);
      }
    });
  });

  it('takes the vote of the living one at a time, and that of the leader only when it leaves or is cordoned alone', () => {
    holds((step) => {
      const byId = known(step);
      const demoted = step.change.demote.filter((id) => lives(byId.get(id)!));
      const isSmaller = step.after.length < step.before.length;
      assert.ok(demoted.length <= 1 || isSmaller);
      const leader = byId.get(step.leader);
      const isRelieved = leader?.isWithdrawn === true && step.before.length === 1;
      assert.ok(step.after.includes(step.leader) || leader === undefined || isRelieved);
    });
  });

  it('always has a full peer among the voters', () => {
    holds((step) => {
      const byId = known(step);
      // One that leaves still counts: it was let in as a full peer or is not alone.
      assert.ok(step.after.some((id) => byId.get(id)?.isWitness !== true));
    });
  });

  it('leaves no dead or lost voter in its seat while a full learner could take it', () => {
    fc.assert(
      fc.property(happenings, (script) => {
        const world = play(script, () => undefined);
        settle(world);
        const candidates = world.candidates();
        const voters = new Set(world.voters());
        if (!world.hasQuorum()) return;
        const living = candidates.filter((each) => voters.has(each.id) && lives(each));
        const isWaiting = candidates.some(
          (each) => !voters.has(each.id) && lives(each) && each.caughtUp && !each.isWitness,
        );
        assert.ok(living.length === voters.size || !isWaiting);
      }),
      runs,
    );
  });

  it('ends up in as many domains as there are seats or domains, when all are well', () => {
    fc.assert(
      fc.property(happenings, (script) => {
        const world = play(script, () => undefined);
        for (let at = 0; at <= 2 * peersMax; at++) world.happen({ type: 'return', at });
        settle(world);
        if (!world.hasQuorum()) return;
        const byId = new Map(world.candidates().map((each) => [each.id, each]));
        const domains = (ids: Iterable<number>) =>
          new Set([...ids].map((id) => byId.get(id)!.domain));
        const full = [...byId.values()].filter(
          ({ isWitness, superseded }) => !isWitness && !superseded,
        );
        const available = domains(full.map(({ id }) => id)).size;
        const taken = domains(world.voters()).size;
        assert.ok(taken >= Math.min(available, world.voters().length));
      }),
      runs,
    );
  });
});
