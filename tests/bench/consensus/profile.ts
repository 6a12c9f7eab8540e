// Sums a .cpuprofile up: the share of time that each folder of ours, each package and Node itself had.

import { readFile } from 'node:fs/promises';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly url: string; readonly functionName: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The largest this many of each are named. */
const named = 14;

function groupOf({ url, functionName }: Profile['nodes'][number]['callFrame']): string {
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (inPackage !== null) return inPackage[1]!;
  const ours = /dist\/((?:actors|consensus|mesh|runtime|tests)(?:\/[a-z0-9-]+)?)\/[^/]*$/.exec(url);
  if (ours !== null) return ours[1]!;
  const ofNode = /^node:(?:internal\/)?([a-z_0-9]+)/.exec(url);
  return ofNode === null ? functionName : `node:${ofNode[1]!}`;
}

/** Lines of "share  group", then of "share  function"; time of which V8 says idle is left out but for its share. */
export async function whereTimeGoes(path: string): Promise<string> {
  const { nodes, samples, timeDeltas } = JSON.parse(await readFile(path, 'utf8')) as Profile;
  const frames = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const groups = new Map<string, number>();
  const functions = new Map<string, number>();
  let idle = 0;
  let busy = 0;
  samples.forEach((id, at) => {
    const frame = frames.get(id)!;
    const took = timeDeltas[at]!;
    if (frame.functionName === '(idle)') {
      idle += took;
      return;
    }
    busy += took;
    const group = groupOf(frame);
    const file = frame.url.slice(frame.url.lastIndexOf('/') + 1);
    const name = `${frame.functionName || '(anonymous)'} ${file}`.trim();
    groups.set(group, (groups.get(group) ?? 0) + took);
    functions.set(name, (functions.get(name) ?? 0) + took);
  });
  const largest = (shares: ReadonlyMap<string, number>): string[] =>
    [...shares]
      .sort(([, a], [, b]) => b - a)
      .slice(0, named)
      .map(([name, took]) => `${((took / busy) * 100).toFixed(1).padStart(8)} %  ${name}`);
  const share = ((busy / (busy + idle)) * 100).toFixed(0);
  return [`  busy ${share} % of the time`, ...largest(groups), '  ', ...largest(functions)].join(
    '\n',
  );
}
