// Small JSON files that are there whole or not at all, and are on the disk once written.

import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Replaces `path`; when it returns, the record survives a crash of the machine. */
export function writeRecord(path: string, value: unknown): void {
  const temporary = writeTemporary(path, value);
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/** Creates `path` with its content in one step; false when it exists: of several claimants one wins. */
export function claimRecord(path: string, value: unknown): boolean {
  const temporary = writeTemporary(path, value);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    unlinkSync(temporary);
  }
  syncDirectory(dirname(path));
  return true;
}

/** Undefined when there is no such file. Only this project writes them, so their shape is the caller's to know. */
export function readRecord(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

function writeTemporary(path: string, value: unknown): string {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(value)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
