// The log of one instance: CRI lines, appended at once, rotated by size, oldest files removed.
//
//   x.log         the newest lines
//   x.log.000002  before that      x.log.000001  before that     numbers only grow

import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createLineCutter, criTime, formatCriLine } from '../cri-log.ts';
import type { CriStream, LineCutter } from '../cri-log.ts';

export interface LogFile {
  readonly write: (stream: CriStream, chunk: Buffer) => void;
  /** The stream ended: what it left unfinished is written too. */
  readonly endStream: (stream: CriStream) => void;
  readonly close: () => void;
}

export interface LogLimits {
  readonly logFileBytes: number;
  readonly logFiles: number;
}

/** Rotated files of the log at `path`, oldest first. */
export function rotatedFiles(path: string): readonly string[] {
  const prefix = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .sort()
    .map((name) => join(dirname(path), name));
}

/** A full or failing disk loses lines, never the container: how many is told in the log once it works again. */
export function openLogFile(path: string, limits: LogLimits): LogFile {
  let file = openSync(path, 'a', 0o600);
  let size = fstatSync(file).size;
  let lost = 0;
  const cutters: Record<CriStream, LineCutter> = {
    stdout: createLineCutter(),
    stderr: createLineCutter(),
  };

  const rotate = (): void => {
    const rotated = rotatedFiles(path);
    const last = Number(rotated.at(-1)?.slice(path.length + 1) ?? 0);
    renameSync(path, `${path}.${String(last + 1).padStart(6, '0')}`);
    for (const old of rotated.slice(0, Math.max(0, rotated.length - limits.logFiles + 2))) {
      unlinkSync(old);
    }
    const next = openSync(path, 'a', 0o600);
    closeSync(file);
    file = next;
    size = 0;
  };
  const append = (lines: Buffer[], count: number): void => {
    try {
      if (lost > 0) {
        const note = Buffer.from(`skein: ${lost} lines of this log could not be written`);
        lines.unshift(formatCriLine(criTime(Date.now()), 'stderr', 'F', note));
      }
      const bytes = Buffer.concat(lines);
      if (size > 0 && size + bytes.length > limits.logFileBytes) rotate();
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      size += bytes.length;
      lost = 0;
    } catch {
      // Counted, and told as soon as the disk takes lines again.
      lost += count;
    }
  };
  const collect = (stream: CriStream, cut: (cutter: LineCutter, lines: Buffer[]) => void): void => {
    const lines: Buffer[] = [];
    cut(cutters[stream], lines);
    if (lines.length > 0) append(lines, lines.length);
  };

  return {
    write: (stream, chunk) => {
      const time = criTime(Date.now());
      collect(stream, (cutter, lines) => {
        cutter.push(chunk, (tag, text) => lines.push(formatCriLine(time, stream, tag, text)));
      });
    },
    endStream: (stream) => {
      const time = criTime(Date.now());
      collect(stream, (cutter, lines) => {
        cutter.end((tag, text) => lines.push(formatCriLine(time, stream, tag, text)));
      });
    },
    close: () => {
      closeSync(file);
    },
  };
}
