// A client of etcd as a process of its own: one line of order to it, one line of JSON back.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface LineClient {
  readonly process: ChildProcess;
  /** One at a time. Rejects when the client has ended. */
  readonly ask: <T>(order: string) => Promise<T>;
}

export function startLineClient(program: string, words: readonly string[]): LineClient {
  const client = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
  return {
    process: client,
    ask: async <T>(order: string) => {
      client.stdin.write(`${order}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error("etcd's client ended");
      return JSON.parse(line.value) as T;
    },
  };
}
