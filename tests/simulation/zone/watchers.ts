// Watchers that go from replica to replica, resume where they were, and list anew when they came too late.

import type { Store } from '../../../consensus/index.ts';
import type { StateMachine } from '../../../consensus/store/state-machine.ts';
import type { SeededRandom } from '../../../runtime/index.ts';
import { pick } from '../../../runtime/index.ts';
import {
  checkWatch,
  createTrueHistory,
  createWatchRecorder,
} from '../../consensus/watch-checker.ts';
import type { KeyRange, WatchRecorder } from '../../consensus/watch-checker.ts';
import type { Judge } from './judge.ts';
import type { StateFacts } from './state-facts.ts';
import type { Member, Zone } from './zone.ts';

const ranges: readonly KeyRange[] = [
  { from: '/', end: '0' },
  { from: '/r/', end: '/r0' },
  { from: '/pair/a', end: '/pair/a\0' },
];
/** Watchers of each range. */
const watchersEach = 2;
const longestStayMs = 900;

export interface Watchers {
  readonly start: (zone: Zone, storeOf: (member: Member) => Store) => void;
  /** Nobody moves any more: each goes on where it is, or at a replica that lives. */
  readonly settle: () => void;
  /** All of them watch a replica that lives, and have been told of everything. */
  readonly isComplete: (zone: Zone) => boolean;
  readonly judgeAll: () => void;
  readonly events: () => number;
}

interface Roamer {
  readonly range: KeyRange;
  readonly recorder: WatchRecorder;
  readonly random: SeededRandom;
  at: Member | undefined;
  cancel: () => void;
  mustList: boolean;
}

export function createWatchers(
  judge: Judge,
  state: StateFacts,
  machines: ReadonlyMap<string, StateMachine>,
): Watchers {
  const roamers: Roamer[] = [];
  let isSettled = false;
  const machineOf = ({ at }: Roamer): StateMachine | undefined =>
    at === undefined ? undefined : machines.get(at.name);

  const create = (range: KeyRange, random: SeededRandom): Roamer => {
    const roamer: Roamer = {
      range,
      random,
      at: undefined,
      cancel: () => {},
      mustList: true,
      recorder: createWatchRecorder({
        // Whoever applies a revision first tells its watchers before anybody else knows of it.
        committed: () => Math.max(state.newest(), machineOf(roamer)?.view.revision() ?? 0),
        compacted: () => machineOf(roamer)?.compacted(),
        ended: (reason) => {
          roamer.mustList ||= reason === 'compacted';
          roamer.at = undefined;
        },
      }),
    };
    return roamer;
  };

  const settleAt = (roamer: Roamer, member: Member, store: Store): void => {
    const { recorder, range, mustList } = roamer;
    const after = mustList ? store.view.revision() : recorder.told();
    roamer.at = member;
    roamer.mustList = false;
    const watcher = recorder.begin(after, mustList ? 'listed' : 'resumed');
    roamer.cancel = store.watch(range.from, range.end, after, watcher);
  };

  const roam = (zone: Zone, storeOf: (member: Member) => Store, roamer: Roamer): void => {
    const { random } = roamer;
    const isLost = roamer.at === undefined || zone.members.get(roamer.at.name) !== roamer.at;
    if (isLost || !isSettled) {
      const open = [...zone.members.values()].filter(({ zone: opened }) => opened !== undefined);
      const next = pick(random, open);
      if (next !== undefined) {
        if (!isLost) roamer.cancel();
        settleAt(roamer, next, storeOf(next));
      }
    }
    zone.simulation.schedule(20 + random.integer(longestStayMs), () => roam(zone, storeOf, roamer));
  };

  return {
    start: (zone, storeOf) => {
      const random = zone.simulation.random.fork('watchers');
      for (const range of ranges) {
        for (let i = 0; i < watchersEach; i++) {
          const roamer = create(range, random.fork(`${range.from} ${i}`));
          roamers.push(roamer);
          roam(zone, storeOf, roamer);
        }
      }
    },
    settle: () => {
      isSettled = true;
    },
    isComplete: (zone) =>
      roamers.every(
        ({ at, range, recorder }) =>
          at !== undefined &&
          zone.members.get(at.name) === at &&
          (range !== ranges[0] || recorder.told() === state.newest()),
      ),
    judgeAll: () => {
      const history = createTrueHistory(state.changes, state.beginning());
      for (const { range, recorder } of roamers) {
        const record = { range, heard: recorder.heard, completeUpTo: state.newest() };
        for (const { sentence } of checkWatch(history, record)) judge.say('watches', sentence);
      }
    },
    events: () => roamers.reduce((sum, { recorder }) => sum + recorder.heard.length, 0),
  };
}
