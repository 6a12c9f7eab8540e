// Changes of the configuration against cases of etcd-io/raft, byte for byte.

import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import type { ConfStep } from '../../../../consensus/raft/conf-change/change.ts';
import {
  emptyConf,
  enterJoint,
  exitJoint,
  simpleChange,
} from '../../../../consensus/raft/conf-change/changer.ts';
import type { ConfOutcome, ConfRefusal } from '../../../../consensus/raft/conf-change/changer.ts';
import { membersOf } from '../../../../consensus/raft/conf-change/draft.ts';
import type { ConfState } from '../../../../consensus/raft/types.ts';
import { casesFolder, readStanzas } from '../datadriven.ts';
import type { Stanza } from '../datadriven.ts';

const stepTypes: Record<string, ConfStep['type']> = {
  v: 'add-voter',
  l: 'add-learner',
  r: 'remove',
};

/** `u` only carries data past Raft, and the id 0 stands for nobody: neither is a step here. */
function stepsOf(input: string): ConfStep[] {
  return input
    .split(/\s+/)
    .filter((token) => token !== '' && !token.startsWith('u') && token.slice(1) !== '0')
    .map((token) => ({ type: stepTypes[token[0]!]!, id: Number(token.slice(1)) }));
}

function refusalText(command: string, reason: ConfRefusal): string {
  if (reason === 'already-joint') {
    return command === 'simple'
      ? "can't apply simple config change in joint config"
      : 'config is already joint';
  }
  return {
    'not-joint': "can't leave a non-joint config",
    'no-voters': "can't make a zero-voter config joint",
    'removes-all-voters': 'removed all voters',
    'too-many-voters': 'more than one voter changed without entering joint config',
  }[reason];
}

function list(ids: readonly number[]): string {
  return `(${ids.map((id) => id.toString(16)).join(' ')})`;
}

function confText(conf: ConfState): string {
  let text = `voters=${list(conf.voters)}`;
  if (conf.votersOutgoing.length > 0) text += `&&${list(conf.votersOutgoing)}`;
  if (conf.learners.length > 0) text += ` learners=${list(conf.learners)}`;
  if (conf.learnersNext.length > 0) text += ` learners_next=${list(conf.learnersNext)}`;
  return conf.autoLeave ? `${text} autoleave` : text;
}

function change(conf: ConfState, stanza: Stanza): ConfOutcome {
  const steps = stepsOf(stanza.input);
  if (stanza.command === 'simple') return simpleChange(conf, steps);
  if (stanza.command === 'leave-joint') return exitJoint(conf);
  return enterJoint(conf, steps, stanza.args.get('autoleave')?.[0] === 'true');
}

describe('changes of the configuration, cases of etcd-io/raft', () => {
  it('pass byte for byte', function () {
    const files = readStanzas(join(casesFolder(), 'raft/confchange'));
    if (files === undefined) return this.skip();
    let count = 0;
    for (const stanzas of files.values()) {
      let conf = emptyConf;
      const next = new Map<number, number>();
      stanzas.forEach((stanza, lastIndex) => {
        const outcome = change(conf, stanza);
        let actual: string;
        if (outcome.ok) {
          conf = outcome.conf;
          for (const id of outcome.added) next.set(id, Math.max(lastIndex, 1));
          actual = `${confText(conf)}\n`;
          for (const id of membersOf(conf)) {
            const learner = conf.learners.includes(id) ? ' learner' : '';
            actual += `${id}: StateProbe match=0 next=${next.get(id)}${learner}\n`;
          }
        } else {
          actual = `${refusalText(stanza.command, outcome.reason)}\n`;
        }
        assert.equal(actual, stanza.expected, `${stanza.file}:${stanza.line}`);
        count++;
      });
    }
    this.test!.title += ` (${count} stanzas)`;
    assert.ok(count > 0, 'no stanza was found');
    return undefined;
  });
});
