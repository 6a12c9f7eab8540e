// How Skein's own resources answer.

import type { Result } from '../runtime/index.ts';
import { failed, ok, SkeinError } from '../runtime/index.ts';
import type { ExtraReply } from './gateway/extra-resources.ts';

export const apiVersion = 'skein.dev/v1';

export const reply = (body: unknown): Promise<Result<ExtraReply>> => Promise.resolve(ok({ body }));

export const refuse = (code: 'not-found' | 'invalid', sentence: string): Promise<Result<never>> =>
  Promise.resolve(failed(new SkeinError(code, sentence)));

/** Unix epoch, milliseconds, as text for people and programs; undefined stays so. */
export const timeText = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();
