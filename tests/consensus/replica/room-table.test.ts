import assert from 'node:assert/strict';
import { emptyConf } from '../../../consensus/raft/conf-change/changer.ts';
import { createRoomTable, lacksRoomForQuorum } from '../../../consensus/replica/room-table.ts';

describe('who has room', () => {
  it('is everybody who did not say otherwise', () => {
    const table = createRoomTable();
    assert.deepEqual([...table.short(0)], []);
    table.told(3, false, 0);
    table.told(1, false, 0);
    assert.deepEqual([...table.short(0)], [1, 3]);
    table.told(3, true, 1);
    assert.deepEqual([...table.short(1)], [1]);
  });

  it('is again whoever fell silent', () => {
    const table = createRoomTable();
    table.told(1, false, 0);
    table.told(2, false, 0);
    table.told(2, false, 4_000);
    assert.deepEqual([...table.short(5_000)], [1, 2]);
    assert.deepEqual([...table.short(5_001)], [2]);
    assert.deepEqual([...table.short(9_001)], []);
  });

  it('is enough for a quorum while a majority of the voters has some, in each configuration', () => {
    const lacks = (voters: number[], outgoing: number[], ...short: number[]): boolean =>
      lacksRoomForQuorum({ ...emptyConf, voters, votersOutgoing: outgoing }, new Set(short));
    assert.equal(lacks([1], []), false);
    assert.equal(lacks([1], [], 1), true);
    assert.equal(lacks([1, 2, 3], [], 1), false);
    assert.equal(lacks([1, 2, 3], [], 1, 3), true);
    assert.equal(lacks([1, 2, 3], [], 7, 8, 9), false, 'learners do not count');
    assert.equal(lacks([1, 2, 3, 4, 5], [], 1, 2), false);
    assert.equal(lacks([1, 2, 3, 4, 5], [], 1, 2, 3), true);
    assert.equal(lacks([1, 2, 3], [3, 4, 5], 4, 5), true, 'the outgoing ones must agree too');
  });
});
