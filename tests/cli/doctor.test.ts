// `skein doctor` against a gateway whose diagnosis the test tells: its lines, its exit codes, its values.

import { deepEqual, equal } from 'node:assert/strict';
import { diagnosisText } from '../../cli/commands/doctor.ts';
import type { Diagnosis, Finding } from '../../cli/commands/doctor.ts';
import { ok } from '../../runtime/index.ts';
import { startApiServer } from './api-server.ts';
import type { ApiServer } from './api-server.ts';

const healthy: Diagnosis['status'] = {
  answered: 3,
  asked: 3,
  direct: 3,
  relayed: 0,
  slowestMs: 1.5,
  findings: [],
  omitted: 0,
};

const fault: Finding = {
  severity: 'fault',
  sentence: 'a and c have no link (a to c: h:1: no answer)',
  remedy: 'let TCP in at h:1',
};
const note: Finding = { severity: 'note', sentence: 'no two peers exchange datagrams' };

describe('the doctor', function () {
  this.timeout(20_000);
  let api: ApiServer;
  let status = healthy;

  before(async () => {
    api = await startApiServer({
      extras: [
        {
          plural: 'diagnoses',
          singular: 'diagnosis',
          kind: 'Diagnosis',
          verbs: ['get'],
          handler: async ({ name }) =>
            ok({
              body: { kind: 'Diagnosis', apiVersion: 'skein.dev/v1', metadata: { name }, status },
            }),
        },
      ],
    });
  });
  after(() => api.close());

  it('says of a healthy cluster that it is, with counts, and a note changes nothing of that', async () => {
    status = { ...healthy, findings: [note] };
    const { code, out } = await api.skein(['doctor']);
    equal(code, 0);
    deepEqual(out.trim().split('\n'), [
      'note   no two peers exchange datagrams',
      '3 of 3 peers answered, 3 links direct, 0 relayed, round trips up to 1.5 ms: healthy',
    ]);
  });

  it('ends with 1 for a fault, which it names with its remedy', async () => {
    status = { ...healthy, direct: 1, relayed: 1, answered: 2, findings: [fault, note] };
    const { code, out } = await api.skein(['doctor']);
    equal(code, 1);
    deepEqual(out.trim().split('\n'), [
      'fault  a and c have no link (a to c: h:1: no answer) -> let TCP in at h:1',
      'note   no two peers exchange datagrams',
      '2 of 3 peers answered, 1 link direct, 1 relayed, round trips up to 1.5 ms: 1 fault',
    ]);
  });

  it('gives the same as values', async () => {
    status = { ...healthy, findings: [fault] };
    const { code, out } = await api.skein(['doctor', '-o', 'json']);
    equal(code, 1);
    deepEqual((JSON.parse(out) as Diagnosis).status, status);
  });

  it('counts what was left out as well, and takes no argument', async () => {
    equal(
      diagnosisText({ status: { ...healthy, findings: [fault], omitted: 7 } }).includes('8 faults'),
      true,
    );
    equal((await api.skein(['doctor', 'peer-1'])).code, 2);
  });
});
