// Those who are attached to one running instance: all get its output, and may share its input.

import type { Writable } from 'node:stream';
import type { ProcessConfig } from './keeper-protocol.ts';
import { resizeTerminal } from './script-terminal.ts';

/** Where the output of an instance goes besides its log. */
export interface AttachedOutput {
  readonly output: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
  /** Nothing more comes. */
  readonly end: () => void;
}

export interface Attachment {
  /** False when `drained` is to be awaited. */
  readonly input: (bytes: Buffer) => boolean;
  readonly inputEnd: () => void;
  readonly drained: (then: () => void) => void;
  readonly resize: (columns: number, rows: number) => void;
  readonly detach: () => void;
}

export interface Attachments {
  readonly attach: (output: AttachedOutput, stdin: boolean) => Attachment;
  readonly output: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
  readonly end: () => void;
}

/** `stdin` is null where the instance has no input; then what is written to it is dropped. */
export function createAttachments(
  pid: number,
  stdin: Writable | null,
  config: ProcessConfig,
): Attachments {
  const attached = new Set<AttachedOutput>();
  const input = config.stdin === true ? stdin : null;
  // A process that ends before it has read its input is no failure of ours.
  stdin?.on('error', () => {});
  return {
    output: (stream, bytes) => {
      for (const { output } of attached) output(stream, bytes);
    },
    end: () => {
      for (const { end } of attached) end();
      attached.clear();
    },
    attach: (output, wantsInput) => {
      attached.add(output);
      const mine = wantsInput ? input : null;
      const inputEnd = (): void => {
        if (config.stdinOnce === true) mine?.end();
      };
      return {
        input: (bytes) => mine?.writable !== true || mine.write(bytes),
        inputEnd,
        drained: (then) => {
          const done = (): void => {
            mine?.off('drain', done).off('close', done);
            then();
          };
          mine?.on('drain', done).on('close', done);
        },
        resize: (columns, rows) => {
          if (config.tty === true) resizeTerminal(pid, columns, rows);
        },
        detach: () => {
          if (attached.delete(output)) inputEnd();
        },
      };
    },
  };
}
