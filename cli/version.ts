// The version of this program.

import { readFileSync } from 'node:fs';

/** From package.json, two folders above the compiled file. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  }
).version;
