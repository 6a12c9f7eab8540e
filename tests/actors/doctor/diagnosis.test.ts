// What the doctor makes of accounts: each check, each direction, and what it must not complain of.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { diagnose } from '../../../actors/doctor/diagnosis.ts';
import type { Examination, Examined } from '../../../actors/doctor/examination.ts';
import { accountOf, readAccount } from '../../../actors/doctor/peer-account.ts';
import { DIAL_REASON } from '../../../mesh/index.ts';
import type { LinkReport, Member } from '../../../mesh/index.ts';

const peer = (id: string, given: Partial<Examined> = {}): Examined => ({
  peer: id,
  name: `name-${id}`,
  version: '1.0.0',
  wallMs: 0,
  addresses: [`${id}.test:7460`],
  direct: 2,
  relayed: 0,
  crooked: [],
  omitted: 0,
  datagrams: 2,
  noDatagrams: [],
  aheadMs: 0,
  inexactMs: 5,
  ...given,
});

const examination = (
  peers: readonly Examined[],
  given: Partial<Examination> = {},
): Examination => ({ peers, silent: [], dead: [], nameOf: (id) => `name-${id}`, ...given });

const sentences = (of: Examination): readonly string[] =>
  diagnose(of).findings.map(
    ({ severity, sentence, remedy }) => `${severity}: ${sentence} -> ${remedy}`,
  );

describe('a diagnosis', () => {
  it('of a healthy cluster has counts and no findings', () => {
    const diagnosis = diagnose(
      examination(['a', 'b', 'c'].map((id) => peer(id, { slowestMs: 2.34 }))),
    );
    deepEqual(diagnosis, {
      answered: 3,
      asked: 3,
      direct: 3,
      relayed: 0,
      slowestMs: 2.3,
      findings: [],
      omitted: 0,
    });
  });

  it('names a pair once, with both directions, their reasons and a remedy', () => {
    const link = (to: string, reason: string): Examined['crooked'] => [
      { peer: to, path: 'relayed', via: 'b', reason, forMs: 60_000 },
    ];
    const found = examination([
      peer('a', { crooked: link('c', `192.0.2.3:7460: ${DIAL_REASON.silent}`) }),
      peer('b'),
      peer('c', { crooked: link('a', `192.0.2.1:7460: ${DIAL_REASON.noRoute}`) }),
    ]);
    deepEqual(sentences(found), [
      'fault: name-a and name-c are relayed via name-b, and so slower ' +
        `(name-a to name-c: 192.0.2.3:7460: ${DIAL_REASON.silent}; ` +
        `name-c to name-a: 192.0.2.1:7460: ${DIAL_REASON.noRoute}) -> let TCP in at 192.0.2.3:7460`,
    ]);
    deepEqual(diagnose(found).findings[0]!.peers, ['name-a', 'name-c']);
  });

  it('notes a pair that is relayed by design, and names one without any link', () => {
    const out = (to: string): Examined['crooked'] => [
      { peer: to, path: 'relayed', via: 'b', reason: DIAL_REASON.noAddress, forMs: 60_000 },
    ];
    const [note] = diagnose(
      examination([peer('a', { crooked: out('c') }), peer('c', { crooked: out('a') })]),
    ).findings;
    equal(note?.severity, 'note');
    const none = { peer: 'c', path: 'none' as const, reason: `h:1: ${DIAL_REASON.refused}` };
    const young = examination([peer('a', { crooked: [{ ...none, forMs: 100 }] })]);
    deepEqual(diagnose(young).findings, []);
    const [fault] = diagnose(
      examination([peer('a', { crooked: [{ ...none, forMs: 9_000 }] })]),
    ).findings;
    equal(fault?.severity, 'fault');
    ok(fault?.sentence.startsWith('name-a and name-c have no link'));
    ok(fault?.remedy?.includes('h:1') && fault.remedy.includes('--mesh-listen'));
  });

  it('names the silent, the dead, wrong clocks, and versions that differ', () => {
    const found = examination(
      [peer('a'), peer('b', { aheadMs: -5_250, inexactMs: 100 }), peer('c', { version: '1.1.0' })],
      { silent: [{ peer: 'd', reason: 'no answer' }], dead: ['e'] },
    );
    const all = sentences(found);
    equal(all.length, 4);
    ok(all[0]!.startsWith('fault: name-d did not answer within 3 s (no answer)'));
    ok(all[1]!.startsWith('fault: name-e is dead'));
    ok(all[2]!.startsWith('fault: the clock of name-b is 5.3 s behind those of most peers'));
    ok(all[3]!.includes('1.0.0 (name-a, name-b); 1.1.0 (name-c)'));
  });

  it('does not take a slow answer for a wrong clock', () => {
    const slow = examination([
      peer('a'),
      peer('b', { aheadMs: 1_400, inexactMs: 1_450 }),
      peer('c'),
    ]);
    deepEqual(diagnose(slow).findings, []);
  });

  it('notes blocked datagrams, once for all where there are none at all', () => {
    const some = examination([
      peer('a', { noDatagrams: ['b'] }),
      peer('b', { noDatagrams: ['a'] }),
    ]);
    deepEqual(
      diagnose(some).findings.map(({ severity, peers }) => [severity, ...peers]),
      [['note', 'name-a', 'name-b']],
    );
    const without = ['a', 'b', 'c'].map((id) =>
      peer(id, { datagrams: 0, noDatagrams: ['x', 'y'] }),
    );
    equal(diagnose(examination(without)).findings.length, 1);
  });

  it('is bounded, and says how much more there is', () => {
    const all = Array.from({ length: 600 }, (_, i) => ({ peer: `p${i}`, reason: 'no answer' }));
    const diagnosis = diagnose(examination([peer('a')], { silent: all }));
    equal(diagnosis.findings.length, 500);
    equal(diagnosis.omitted, 100);
    equal(diagnosis.asked, 601);
  });
});

describe('the account of a peer', () => {
  const nowMs = 100_000;
  const member = (id: string, status: Member['status'] = 'alive'): Member => ({
    peer: id,
    status,
    incarnation: 1,
    addresses: [`${id}.test:7460`],
    facts: {},
  });
  const link = (id: string, given: Partial<LinkReport> = {}): LinkReport => ({
    peer: id,
    path: 'direct',
    sinceMs: 0,
    hasDatagrams: true,
    roundTripMs: 1,
    ...given,
  });
  const account = (links: readonly LinkReport[], dead: readonly string[] = []) =>
    accountOf(
      {
        name: 'a',
        version: '1',
        mesh: {
          self: 'a',
          links: () => links,
          member: (id) => member(id, dead.includes(id) ? 'dead' : 'alive'),
        },
      },
      5,
      nowMs,
    );

  it('tells only links to the living that are not direct, and survives the way', () => {
    const told = account(
      [
        link('b', { roundTripMs: 7 }),
        link('c', { path: 'relayed', via: 'b', reason: 'why', sinceMs: 40_000 }),
        link('d', { path: 'none', reason: 'why not', hasDatagrams: false }),
        link('e', { path: 'none', hasDatagrams: false }),
        link('f', { path: 'none', reason: 'it is dead' }),
        link('g', { hasDatagrams: false, sinceMs: nowMs - 1_000 }),
        link('h', { hasDatagrams: false }),
      ],
      ['f'],
    );
    deepEqual(told.crooked, [
      { peer: 'c', path: 'relayed', via: 'b', reason: 'why', forMs: 60_000 },
      { peer: 'd', path: 'none', reason: 'why not', forMs: nowMs },
    ]);
    deepEqual([told.direct, told.relayed, told.datagrams, told.slowestMs], [3, 1, 1, 7]);
    deepEqual(told.noDatagrams, ['h']);
    deepEqual(readAccount(JSON.parse(JSON.stringify(told))), told);
  });

  it('is bounded, whatever is wrong', () => {
    const links = Array.from({ length: 500 }, (_, i) =>
      link(`p${i}`, { path: 'none', reason: 'x'.repeat(5_000) }),
    );
    const told = account(links);
    equal(told.crooked.length, 64);
    equal(told.omitted, 436);
    ok(readAccount(told) !== undefined);
    ok(JSON.stringify(told).length < 80_000);
  });

  it('of another shape is none', () => {
    equal(readAccount({ peer: 'a' }), undefined);
    equal(readAccount({ ...account([]), name: 5 }), undefined);
  });
});
