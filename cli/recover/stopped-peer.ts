// A peer that is not running, by its data directory: what is asked of it goes past any peer, straight to its log.

import { access, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { StateSummary } from '../../actors/index.ts';
import type { Survey } from '../../consensus/index.ts';
import { createSystemRandom } from '../../runtime/index.ts';
import type { Arguments, FlagDefinitions } from '../command.ts';
import { refused } from '../failure.ts';
import { defaultDataDirectory } from '../kubeconfig.ts';
import type { Terminal } from '../terminal.ts';

export const dataFlag: FlagDefinitions = {
  data: { value: 'DIR', help: 'where the peer keeps its data, as given to `skein up`' },
};

/** The data directory that is meant. */
export const dataDirectory = (args: Arguments, terminal: Terminal): string =>
  resolve(terminal.directory, args.text('data') ?? defaultDataDirectory(terminal));

const logIn = (data: string): string => join(data, 'log');

/** What recovers, surveys and rejoins is loaded only when it is asked for. */
const load = async () => ({
  consensus: await import('../../consensus/index.ts'),
  actors: await import('../../actors/index.ts'),
});

export interface StoppedPeer {
  readonly survey: Survey;
  readonly state: StateSummary;
  /** When a segment or snapshot changed last by the file system's word, which a copy may have changed. */
  readonly changedAt: Date | undefined;
  readonly epoch: string;
}

/** Errors: as surveyLog; refused when there is no such directory. */
export async function surveyStopped(data: string): Promise<StoppedPeer> {
  const { consensus, actors } = await load();
  return withData(data, async () => {
    const changedAt = await newestChange(logIn(data));
    const survey = await consensus.surveyLog(consensus.nodeDisk(), logIn(data));
    const state = actors.summarizeState(survey.view);
    return { survey, state, changedAt, epoch: consensus.formatEpoch(survey.epoch) };
  });
}

/** Errors: as recoverLog. Resolves with the new epoch. */
export async function recoverStopped(data: string): Promise<string> {
  const { consensus } = await load();
  const recovered = await withData(data, () =>
    consensus.recoverLog(consensus.nodeDisk(), logIn(data), createSystemRandom()),
  );
  return consensus.formatEpoch(recovered.epoch);
}

/** Errors: as rejoinLog. */
export async function rejoinStopped(data: string, force: boolean): Promise<void> {
  const { consensus } = await load();
  const disk = consensus.nodeDisk();
  await withData(data, () =>
    consensus.rejoinLog(disk, logIn(data), createSystemRandom(), { force }),
  );
}

/** A running peer holds its data directory before it opens its log. */
async function withData<T>(data: string, work: () => Promise<T>): Promise<T> {
  try {
    await access(data);
  } catch {
    throw refused(
      `There is no data directory ${data}: say with --data where the peer keeps its data.`,
    );
  }
  const { consensus } = await load();
  const release = await consensus.nodeDisk().lock(data);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function newestChange(log: string): Promise<Date | undefined> {
  const names = await readdir(log).catch(() => []);
  const files = names.filter((name) => name.endsWith('.log') || name.endsWith('.snap'));
  const times = await Promise.all(files.map(async (name) => (await stat(join(log, name))).mtimeMs));
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
