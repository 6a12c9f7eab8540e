// After a round, when all is whole again: what every peer holds, against what clients were told.

import { checkHistory } from '../linearizability/checker.ts';
import { keyed } from '../linearizability/model.ts';
import { registerModel } from '../linearizability/register-model.ts';
import { counter, registers } from './clients.ts';
import type { Seen } from './clients.ts';
import type { Stored } from './door.ts';

/** What one peer holds. */
export interface Held {
  readonly peer: string;
  readonly texts: readonly Stored[];
}

/** As sentences; none when nothing was lost, done twice, invented, or seen out of order. */
export function judge(seen: Seen, held: readonly Held[]): readonly string[] {
  return [
    ...seen.wrongs,
    ...held.flatMap(({ peer, texts }) => created(seen, texts).map((wrong) => `${peer}: ${wrong}`)),
    ...held.flatMap(({ peer, texts }) => counted(seen, texts).map((wrong) => `${peer}: ${wrong}`)),
    ...alike(held),
    ...ordered(seen, held),
  ];
}

/** Acknowledged ones are there, refused ones are not, and no others are. */
export function created({ created }: Pick<Seen, 'created'>, texts: readonly Stored[]): string[] {
  const wrongs: string[] = [];
  const there = new Map(texts.map((text) => [text.name, text.value]));
  const own = new Set<string>([counter, ...registers]);
  for (const [name, fate] of created) {
    if (fate === 'done' && !there.has(name)) wrongs.push(`${name} was acknowledged and is lost`);
    if (fate === 'refused' && there.has(name)) wrongs.push(`${name} was refused and is there`);
  }
  for (const [name, value] of there) {
    if (own.has(name)) continue;
    if (!created.has(name)) wrongs.push(`${name} is there, and nobody made it`);
    if (value !== name) wrongs.push(`${name} holds ${value}`);
  }
  return wrongs;
}

function counted({ increments }: Seen, texts: readonly Stored[]): string[] {
  const value = Number(texts.find(({ name }) => name === counter)?.value);
  const [least, most] = [increments.done, increments.done + increments.unknown];
  if (value >= least && value <= most) return [];
  return [
    `the counter is ${value} after ${least} acknowledged and ${increments.unknown} unknown increments`,
  ];
}

/** Replicas that applied the same entries hold the same. */
function alike(held: readonly Held[]): string[] {
  const [first, ...others] = held.map(({ peer, texts }) => ({ peer, text: JSON.stringify(texts) }));
  return others
    .filter(({ text }) => text !== first?.text)
    .map(({ peer }) => `${peer} holds other texts or versions than ${first?.peer}`);
}

/** One order of all requests explains every answer, what each peer holds at the end included. */
function ordered({ history }: Seen, held: readonly Held[]): string[] {
  for (const { peer, texts } of held) {
    for (const key of registers) {
      const value = texts.find(({ name }) => name === key)?.value;
      history.invoke(peer, { type: 'read', key }).returns({ type: 'value', value });
    }
  }
  const verdict = checkHistory(keyed(registerModel), history.operations());
  switch (verdict.type) {
    case 'linearizable':
      return [];
    case 'undecided':
      return [`no verdict on ${verdict.key}: too many orders to try`];
    case 'not-linearizable':
      return [`no order explains ${verdict.key}; stuck at ${JSON.stringify(verdict.stuck)}`];
  }
}
