// Quorums against cases of etcd-io/raft, byte for byte.

import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { committedIndex, voteResult } from '../../../../consensus/raft/quorum/joint.ts';
import { majorityCommitted, majorityVote } from '../../../../consensus/raft/quorum/majority.ts';
import { casesFolder, readStanzas } from '../datadriven.ts';
import type { Stanza } from '../datadriven.ts';

const resultNames = { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' };

interface Case {
  readonly voters: readonly number[];
  readonly outgoing: readonly number[] | undefined;
  readonly all: readonly number[];
}

function caseOf(stanza: Stanza): Case {
  const voters = (stanza.args.get('cfg') ?? []).map(Number);
  const joint = stanza.args.get('cfgj');
  const outgoing = joint?.[0] === 'zero' ? [] : joint?.map(Number);
  return { voters, outgoing, all: [...new Set([...voters, ...(outgoing ?? [])])] };
}

/** One value per voter in order of mention; `_` for none. */
function valuesOf(stanza: Stanza, key: string, ids: readonly number[]): Map<number, string> {
  const values = stanza.args.get(key) ?? [];
  assert.equal(values.length, ids.length, `${stanza.file}:${stanza.line}: one value per voter`);
  return new Map(ids.map((id, i) => [id, values[i]!] as const).filter(([, v]) => v !== '_'));
}

function describeProgress(ids: readonly number[], acked: ReadonlyMap<number, number>): string {
  if (ids.length === 0) return '<empty majority quorum>';
  const n = ids.length;
  let text = `${' '.repeat(n)}    idx\n`;
  for (const id of [...ids].sort((a, b) => a - b)) {
    const index = acked.get(id);
    const bar = ids.filter((other) => (acked.get(other) ?? 0) < (index ?? 0)).length;
    const head =
      index === undefined ? `?${' '.repeat(n)}` : `${'x'.repeat(bar)}>${' '.repeat(n - bar)}`;
    text += `${head} ${String(index ?? 0).padStart(5)}    (id=${id.toString(16)})\n`;
  }
  return text;
}

function printIndex(index: number): string {
  return index === Infinity ? '∞' : String(index);
}

function runCommitted(stanza: Stanza): string {
  const { voters, outgoing, all } = caseOf(stanza);
  const values = valuesOf(stanza, 'idx', all);
  const acked = new Map([...values].map(([id, value]) => [id, Number(value)]));
  const lookup = (id: number): number | undefined => acked.get(id);
  const conf = { voters, votersOutgoing: outgoing ?? [] };
  const index = committedIndex(conf, lookup);
  assert.equal(
    committedIndex({ voters: conf.votersOutgoing, votersOutgoing: voters }, lookup),
    index,
  );
  if (outgoing === undefined) {
    assert.equal(majorityCommitted(voters, lookup), index);
    assert.equal(committedIndex({ voters, votersOutgoing: voters }, lookup), index);
  }
  return `${describeProgress(all, acked)}${printIndex(index)}\n`;
}

function runVote(stanza: Stanza): string {
  const { voters, outgoing, all } = caseOf(stanza);
  const values = valuesOf(stanza, 'votes', all);
  const ballot = (id: number): boolean | undefined =>
    values.has(id) ? values.get(id) === 'y' : undefined;
  const conf = { voters, votersOutgoing: outgoing ?? [] };
  const result = voteResult(conf, ballot);
  assert.equal(voteResult({ voters: conf.votersOutgoing, votersOutgoing: voters }, ballot), result);
  if (outgoing === undefined) assert.equal(majorityVote(voters, ballot), result);
  return `${resultNames[result]}\n`;
}

describe('quorums, cases of etcd-io/raft', () => {
  it('pass byte for byte', function () {
    const files = readStanzas(join(casesFolder(), 'raft/quorum'));
    if (files === undefined) return this.skip();
    let count = 0;
    for (const stanza of [...files.values()].flat()) {
      const actual = stanza.command === 'vote' ? runVote(stanza) : runCommitted(stanza);
      assert.equal(actual, stanza.expected, `${stanza.file}:${stanza.line}`);
      count++;
    }
    this.test!.title += ` (${count} stanzas)`;
    assert.ok(count > 0, 'no stanza was found');
    return undefined;
  });
});
