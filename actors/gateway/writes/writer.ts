// Who writes, as managedFields will name them: the fieldManager parameter, else the program that asks.

import { apiVersionOf } from '../../objects/kind-table.ts';
import type { Exchange } from '../exchange.ts';
import type { Writer } from '../patch/apply/managers.ts';
import { flag } from '../request/parameters.ts';
import type { StatusCause, StatusError } from '../status.ts';
import { invalid } from '../status.ts';

/** Bytes of a manager's name; Kubernetes' own bound. */
const MAX_NAME_BYTES = 128;

const OPTIONS = { create: 'CreateOptions', update: 'UpdateOptions', patch: 'PatchOptions' };

/** 422 for options of a write. */
function invalidOptions({ route }: Exchange, cause: StatusCause): StatusError {
  const kind = OPTIONS[route.verb as keyof typeof OPTIONS] ?? 'UpdateOptions';
  return invalid({ group: 'meta.k8s.io', plural: kind, kind }, '', [cause]);
}

/** Refuses a fieldManager that is no name, and options that do not go with this kind of write. Throws 422. */
export function checkWriteOptions(exchange: Exchange, isApply: boolean): void {
  const { query } = exchange.request;
  const given = query.get('fieldManager') ?? '';
  const refuse = (field: string, reason: string, message: string): never => {
    throw invalidOptions(exchange, { field, reason, message });
  };
  if (isApply && given === '') {
    refuse('fieldManager', 'FieldValueRequired', 'Required value: is required for apply patch');
  }
  if (!isApply && query.has('force') && exchange.route.verb === 'patch') {
    refuse('force', 'FieldValueForbidden', 'Forbidden: may not be specified for non-apply patch');
  }
  if (Buffer.byteLength(given) > MAX_NAME_BYTES) {
    const message = `Too long: may not be more than ${MAX_NAME_BYTES} bytes`;
    refuse('fieldManager', 'FieldValueTooLong', message);
  }
  if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(given)) {
    const message = `Invalid value: ${JSON.stringify(given)}: should only contain printable characters`;
    refuse('fieldManager', 'FieldValueInvalid', message);
  }
}

/** `kubectl` of `kubectl/v1.35.0 (linux/amd64)`. */
function programOf(userAgent: string): string {
  const [program = ''] = userAgent.split('/', 1);
  return program.replaceAll(/[^\x20-\x7e]/g, '').slice(0, MAX_NAME_BYTES);
}

/** Who makes this write, in its own words. */
export function writerOf(
  { request, definition }: Exchange,
  operation: Writer['operation'],
  subresource: string,
): Writer {
  const given = request.query.get('fieldManager') ?? '';
  const program = programOf(request.headers['user-agent'] ?? '');
  const name = given !== '' ? given : program === '' ? 'unknown' : program;
  return { name, operation, apiVersion: apiVersionOf(definition.names), subresource };
}

/** Whether an apply takes over what others manage. */
export const isForced = ({ request }: Exchange): boolean => flag(request.query, 'force');
