// Who did what: one line for each change, each refusal and each command in a pod, never what was sent or answered.

import type { Clock, Logger } from '../../../runtime/index.ts';
import type { Attributes } from '../authorization/attributes.ts';
import type { User } from '../request/api-request.ts';

/** What is known of a request when it ends; filled in on its way. */
export interface AuditEntry {
  user?: User;
  /** Who acted as `user`. */
  impersonator?: User;
  asked?: Attributes;
}

/** Lines in one second on average, and at once. What is more is counted, and the number told. */
const LINES_PER_SECOND = 50;
const BURST_LINES = 500;
/** Longest text of a line; names are chosen by clients. */
const TEXT_LENGTH = 256;

const READS: ReadonlySet<string> = new Set(['get', 'head', 'list', 'options', 'watch']);

const cut = (text: string): string =>
  text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}…` : text;

/** Reviews are questions that are sent as creations. */
const isQuestion = (asked: Attributes): boolean =>
  asked.type === 'resource' && asked.resource.endsWith('reviews');

/** Reads that went well are not told: they would be most of all lines. */
function isTold({ asked }: AuditEntry, code: number): boolean {
  if (code === 401 || code === 403) return true;
  if (asked === undefined || asked.type === 'path') return false;
  return !READS.has(asked.verb) && !isQuestion(asked);
}

function fieldsOf({ user, impersonator, asked }: AuditEntry): Record<string, string> {
  const who = {
    ...(user === undefined ? {} : { user: cut(user.name) }),
    ...(impersonator === undefined ? {} : { impersonator: cut(impersonator.name) }),
  };
  if (asked === undefined) return who;
  if (asked.type === 'path') return { ...who, verb: asked.verb, path: cut(asked.path) };
  const { verb, group, resource, subresource, namespace, name } = asked;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const told = { group, resource: what, namespace, name };
  const given = Object.entries(told).filter(([, text]) => text !== '');
  return { ...who, verb, ...Object.fromEntries(given.map(([key, text]) => [key, cut(text)])) };
}

export interface AuditLog {
  /** Tells of a request that `began` at this monotonic time and ended now. */
  readonly record: (entry: AuditEntry, code: number, beganMs: number) => void;
}

/** Writes to the part `audit` of the log. */
export function createAuditLog(clock: Clock, log: Logger): AuditLog {
  const audit = log.child({ part: 'audit' });
  let lines = BURST_LINES;
  let filledAtMs = clock.monotonicMs();
  let omitted = 0;

  const mayWrite = (nowMs: number): boolean => {
    lines = Math.min(BURST_LINES, lines + ((nowMs - filledAtMs) / 1_000) * LINES_PER_SECOND);
    filledAtMs = nowMs;
    if (lines < 1) return false;
    lines -= 1;
    return true;
  };

  return {
    record: (entry, code, beganMs) => {
      if (!isTold(entry, code)) return;
      const nowMs = clock.monotonicMs();
      if (!mayWrite(nowMs)) {
        omitted += 1;
        return;
      }
      audit.info('request', {
        ...fieldsOf(entry),
        code,
        latencyMs: Math.round(nowMs - beganMs),
        ...(omitted === 0 ? {} : { omitted }),
      });
      omitted = 0;
    },
  };
}
