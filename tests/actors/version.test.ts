// The version a peer tells of itself.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { version } from '../../actors/version.ts';

describe('the version of a peer', () => {
  it('is that of package.json', () => {
    const { version: packaged } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      version: string;
    };
    assert.equal(version, packaged);
  });
});
