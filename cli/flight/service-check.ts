// Whether the example answers: at every peer, from every pod.

import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../client.ts';
import type { Front, PeerStatus } from '../commands/status.ts';
import { STATUS_PATH } from '../commands/status.ts';
import { refused } from '../failure.ts';

/** What is not pushed is asked for this often. */
const ASK_AGAIN_MS = 100;
const ANSWER_MS = 2_000;

/** The body of one answer. */
export function ask(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(`http://${address}/`, { agent: false, timeout: ANSWER_MS }, (response) => {
      response.setEncoding('utf8');
      let body = '';
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve(body));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
    request.on('error', reject);
  });
}

export interface CheckOptions {
  readonly timeoutMs: number;
  readonly interrupted: AbortSignal;
}

async function repeatUntil<T>(
  what: string,
  { timeoutMs, interrupted }: CheckOptions,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  let trouble = '';
  while (performance.now() < until) {
    if (interrupted.aborted) throw refused('Interrupted.');
    try {
      const found = await attempt();
      if (found !== undefined) return found;
    } catch (error) {
      trouble = `: ${(error as Error).message}`;
    }
    await delay(ASK_AGAIN_MS);
  }
  throw refused(`Timed out after ${timeoutMs / 1_000} s waiting for ${what}${trouble}.`);
}

/** The peer's address of the service, once it has `endpoints` ready ones. */
export const frontOf = (
  client: Client,
  service: string,
  endpoints: number,
  options: CheckOptions,
): Promise<Front> =>
  repeatUntil(`a front of ${service} with ${endpoints} endpoints`, options, async () => {
    const { status } = await client.json<PeerStatus>({ path: STATUS_PATH });
    return status.fronts.find((front) => front.service === service && front.endpoints >= endpoints);
  });

/** Resolves with the different answers, one from each of `count` pods. */
export function answersOf(
  address: string,
  count: number,
  options: CheckOptions,
): Promise<readonly string[]> {
  const seen = new Set<string>();
  return repeatUntil(`answers from ${count} pods at ${address}`, options, async () => {
    for (let request = 0; request < count; request++) seen.add((await ask(address)).trim());
    return seen.size >= count ? [...seen].sort() : undefined;
  });
}
