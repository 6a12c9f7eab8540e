// etcd's JSON gateway over loopback HTTP: one request, one answer, and watches as streams of lines.

import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';

/** As the gateway prints them: 64-bit numbers as strings, zeros and empty fields left out, bytes in base64. */
export interface WireKeyValue {
  readonly key: string;
  readonly value?: string;
  readonly create_revision?: string;
  readonly mod_revision?: string;
  readonly version?: string;
  readonly lease?: string;
}

export interface WireRange {
  readonly kvs?: readonly WireKeyValue[];
  readonly more?: boolean;
  readonly count?: string;
}

export interface WireResponse {
  readonly response_put?: object;
  readonly response_delete_range?: { readonly deleted?: string };
  readonly response_range?: WireRange;
}

export interface WireEvent {
  readonly type?: 'DELETE';
  readonly kv: WireKeyValue;
  readonly prev_kv?: WireKeyValue;
}

interface WireHeader {
  readonly header: { readonly revision?: string };
}

interface Answers {
  readonly 'kv/txn': { readonly succeeded?: boolean; readonly responses?: readonly WireResponse[] };
  readonly 'kv/range': WireRange;
  readonly 'kv/compaction': object;
  readonly 'lease/grant': { readonly ID: string; readonly TTL: string };
  readonly 'lease/revoke': object;
  readonly 'lease/leases': { readonly leases?: readonly { readonly ID: string }[] };
}

export interface WireWatch {
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compact_revision?: string;
  readonly events?: readonly WireEvent[];
}

/** etcd's own words. */
export interface Refusal {
  readonly refused: string;
}

export interface EtcdGateway {
  readonly ask: <P extends keyof Answers>(
    path: P,
    body: object,
  ) => Promise<(Answers[P] & WireHeader) | Refusal>;
  /** Returns how to stop, once etcd has said that it watches. Rejects when it will not. */
  readonly watch: (create: object, heard: (message: WireWatch) => void) => Promise<() => void>;
  readonly close: () => void;
}

export const isRefusal = (answer: object): answer is Refusal => 'refused' in answer;

/** Requests at once; reads of one revision may overtake each other, nothing else is asked for meanwhile. */
const connections = 8;

export function createEtcdGateway(port: number): EtcdGateway {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const post = (path: string, body: object, keepAlive: boolean): Promise<Posted> =>
    new Promise((resolve, reject) => {
      const to = { host: '127.0.0.1', port, path: `/v3/${path}`, method: 'POST' };
      const asked = request({ ...to, agent: keepAlive ? agent : false }, (reply) =>
        resolve({ reply, stop: () => asked.destroy() }),
      );
      asked.on('error', reject);
      asked.end(JSON.stringify(body));
    });
  return {
    ask: async (path, body) => {
      const { reply } = await post(path, body, true);
      let text = '';
      for await (const chunk of reply.setEncoding('utf8')) text += chunk as string;
      const answer = JSON.parse(text) as { message?: string };
      if (reply.statusCode !== 200) return { refused: answer.message ?? text };
      return answer as never;
    },
    watch: async (create, heard) => {
      const { reply, stop } = await post('watch', { create_request: create }, false);
      await new Promise<void>((created, failed) => {
        const take = (message: WireWatch): void => {
          if (message.created === true && message.canceled === true) {
            failed(new Error('etcd refused a watch'));
          } else if (message.created === true) created();
          else heard(message);
        };
        readLines(reply, take).then(
          () => failed(new Error('etcd ended a watch before it began')),
          failed,
        );
      });
      return stop;
    },
    close: () => agent.destroy(),
  };
}

interface Posted {
  readonly reply: IncomingMessage;
  readonly stop: () => void;
}

/** Until the stream ends or is cut by whoever stops the watch. */
async function readLines(
  reply: IncomingMessage,
  take: (message: WireWatch) => void,
): Promise<void> {
  let rest = '';
  try {
    for await (const chunk of reply.setEncoding('utf8')) {
      const lines = (rest + (chunk as string)).split('\n');
      rest = lines.pop()!;
      for (const line of lines) take((JSON.parse(line) as { result: WireWatch }).result);
    }
  } catch (error) {
    if (!reply.destroyed) throw error;
  }
}
