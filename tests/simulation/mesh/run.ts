// One world from its seed through scenarios to a report.

import { LAN, WAN } from '../../../mesh/timing.ts';
import type { MeshTiming } from '../../../mesh/timing.ts';
import type { LogLine } from '../../../runtime/index.ts';
import type { Wrong } from './judge.ts';
import { judgeScenario } from './checkers.ts';
import { form } from './scenarios/arrivals.ts';
import { meshScenarios } from './scenarios/index.ts';
import type { MeshScenario } from './scenarios/index.ts';
import { createStage, measured } from './stage.ts';
import type { Times } from './stage.ts';
import type { Traffic } from './traffic.ts';
import { createWorld } from './world.ts';
import type { Flaw, World } from './world.ts';

export interface MeshRunOptions {
  readonly seed: string | number;
  readonly peers: number;
  /** Names of scenarios, played in this order. */
  readonly scenarios: readonly string[];
  readonly isWan?: boolean;
  readonly flaw?: Flaw | undefined;
  /** Hears of each scenario as it ends. */
  readonly onMeasured?: (row: MeshRow) => void;
}

/** What a scenario was. */
export interface MeshRow extends Times {
  readonly scenario: string;
  readonly peers: number;
  readonly isWan: boolean;
  readonly falseSuspicions: number;
  readonly falseDeaths: number;
  readonly traffic: Traffic;
  readonly links: { readonly mean: number; readonly max: number };
  readonly virtualMs: number;
}

export interface MeshReport {
  readonly options: MeshRunOptions;
  readonly rows: readonly MeshRow[];
  readonly wrongs: readonly Wrong[];
  readonly virtualMs: number;
  readonly steps: number;
  readonly digest: string;
  readonly lines: readonly LogLine[];
}

/** One way between any two peers over a WAN, with 1 % of packets lost. */
const WAN_DISTANCES_MS = [40, 150] as const;
const WAN_LOSS = 0.01;
const DRIFT_MAX = 0.001;

/** Between two scenarios the world comes to rest. */
const REST_MS = 10_000;

export async function runMesh(options: MeshRunOptions): Promise<MeshReport> {
  const { seed, peers, isWan = false } = options;
  const world = createWorld({
    seed,
    size: peers + 1,
    timing: timingOf(isWan),
    driftMax: DRIFT_MAX,
    flaw: options.flaw,
  });
  if (isWan) {
    world.network.paths.setDistances(WAN_DISTANCES_MS);
    world.network.paths.setAll({ loss: WAN_LOSS });
  }
  const stage = createStage(world, peers, world.simulation.random.fork('scenarios'));
  const rows: MeshRow[] = [];
  const isWrong = (): boolean => world.judge.wrongs().length > 0;
  const act = async (name: string, play: () => Promise<Times>): Promise<void> => {
    const before = world.beliefs.counts();
    const startMs = world.simulation.nowMs();
    const [times, traffic] = await measured(world, play);
    const after = world.beliefs.counts();
    const row: MeshRow = {
      scenario: name,
      peers,
      isWan,
      ...times,
      falseSuspicions: after.falseSuspicions - before.falseSuspicions,
      falseDeaths: after.falseDeaths - before.falseDeaths,
      traffic,
      links: linksOf(world),
      virtualMs: world.simulation.nowMs() - startMs,
    };
    rows.push(row);
    options.onMeasured?.(row);
  };

  await act('cold-start', () => form(stage));
  for (const scenario of options.scenarios.map(scenarioNamed)) {
    if (isWrong()) break;
    await stage.pass(REST_MS);
    await act(scenario.name, () => scenario.play(stage));
    await judgeScenario(stage, scenario, rows.at(-1)!);
  }
  return {
    options,
    rows,
    wrongs: world.judge.wrongs(),
    virtualMs: world.simulation.nowMs(),
    steps: world.simulation.steps(),
    digest: world.simulation.digest(),
    lines: world.lines(),
  };
}

const timingOf = (isWan: boolean): MeshTiming => (isWan ? WAN : LAN);

function scenarioNamed(name: string): MeshScenario {
  const found = meshScenarios.find((scenario) => scenario.name === name);
  if (found === undefined) {
    const names = meshScenarios.map((scenario) => scenario.name).join(', ');
    throw new Error(`no scenario "${name}": there are ${names}`);
  }
  return found;
}

function linksOf({ network, beliefs, peers }: World): MeshRow['links'] {
  const counts = peers
    .filter((_, index) => beliefs.truth(index) === 'up')
    .map((peer) => network.linked(peer).length);
  const sum = counts.reduce((all, count) => all + count, 0);
  return { mean: sum / Math.max(1, counts.length), max: Math.max(0, ...counts) };
}
