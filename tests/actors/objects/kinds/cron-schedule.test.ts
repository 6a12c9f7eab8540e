// Schedules and time zones that CronJobs may and may not have.

import assert from 'node:assert/strict';
import {
  cronScheduleProblem,
  timeZoneProblem,
} from '../../../../actors/objects/kinds/batch/cron-schedule.ts';

const good = [
  '* * * * *',
  '*/5 0-6 1,15 jan-mar,12 MON-fri',
  '? 0 1 1 0',
  '5/15 * * * *',
  '  0   12 * * 6 ',
  '@daily',
  '@every 1h30m',
];

const bad: readonly (readonly [string, string])[] = [
  ['* * * * * *', 'expected exactly 5 fields, found 6: [* * * * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['* * * * 7', 'end of range (7) above maximum (6): 7'],
  ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
  ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
  ['@never', 'unrecognized descriptor: @never'],
  ['@every day', 'failed to parse duration @every day: time: invalid duration "day"'],
];

describe('a schedule', () => {
  for (const schedule of good) {
    it(`${schedule} is one`, () => assert.equal(cronScheduleProblem(schedule), undefined));
  }
  for (const [schedule, problem] of bad) {
    it(`${schedule} is none`, () => assert.equal(cronScheduleProblem(schedule), problem));
  }
});

describe('a time zone', () => {
  for (const zone of ['UTC', 'Etc/UTC', 'Europe/Berlin', 'America/Argentina/Ushuaia']) {
    it(`${zone} is one`, () => assert.equal(timeZoneProblem(zone), undefined));
  }
  for (const zone of ['', 'local', '+01:00', 'Europe/Nowhere']) {
    it(`'${zone}' is none`, () => assert.notEqual(timeZoneProblem(zone), undefined));
  }
});
