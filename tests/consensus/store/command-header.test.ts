import assert from 'node:assert/strict';
import { Packr } from 'msgpackr';

import { commandVersion, encodeCommand } from '../../../consensus/store/command.ts';
import type { Command } from '../../../consensus/store/command.ts';
import { refuseCommand } from '../../../consensus/store/command-header.ts';

const packr = new Packr({ useRecords: false });
const request = { session: 2 ** 46 + 1, sequence: 70_000, lowest: 3 };
const put = { type: 'put', key: '/k', value: 'v' } as const;
const commands: readonly Command[] = [
  { type: 'transaction', transaction: { compare: [], success: [put] } },
  {
    type: 'transaction',
    transaction: {
      compare: [{ target: 'mod', key: '/k', end: '/l', is: '=', to: 2 ** 40 }],
      success: Array.from({ length: 100 }, (_, at) => ({ ...put, key: `/k/${at}` })),
      failure: [{ type: 'range', key: '/', end: '0', limit: 3 }],
    },
  },
  { type: 'grant-lease', id: 2 ** 46, ttlMs: 1_000 },
  { type: 'end-lease', id: 2 ** 46 },
  { type: 'compact', revision: 2 ** 33 },
  { type: 'none' },
];

describe('the header of a command', () => {
  it('is that of every command that this program writes', () => {
    for (const command of commands) {
      assert.equal(refuseCommand(encodeCommand(command)), undefined, command.type);
      assert.equal(refuseCommand(encodeCommand(command, request)), undefined, command.type);
    }
  });

  it('tells another version and an unknown kind, by number', () => {
    const newer = refuseCommand(packr.pack([commandVersion + 1, 1, null, [], [], []]));
    const version = `version ${commandVersion + 1}`;
    assert.ok(newer?.code === 'unsupported' && newer.message.includes(version));
    const other = refuseCommand(packr.pack([1, 9, null, []]));
    assert.ok(other?.code === 'unsupported' && other.message.includes('kind 9'));
  });

  it('tells what is no command', () => {
    for (const value of [
      'text',
      7,
      null,
      {},
      [],
      [1],
      [1, 1],
      [1, 1, null],
      [1, 1, 'id', [], [], []],
    ]) {
      assert.notEqual(refuseCommand(packr.pack(value)), undefined, JSON.stringify(value));
    }
    assert.equal(refuseCommand(packr.pack([1, 1, null, [], []]))?.code, 'invalid');
    assert.equal(refuseCommand(Buffer.from([0x96]))?.code, 'unsupported');
  });
});
