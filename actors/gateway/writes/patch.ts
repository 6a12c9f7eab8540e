// PATCH of an object or of its status.

import { asServed } from '../../objects/served-kinds.ts';
import type { Exchange } from '../exchange.ts';
import { answerObject } from '../exchange.ts';
import { isApplyPatch, parsePatch } from '../patch/apply-patch.ts';
import { patchSchemaOf } from '../patch/kind-patch-schema.ts';
import type { ApiResponse } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { applyServerSide } from './apply.ts';
import { change } from './change.ts';
import { tracked } from './managed-fields.ts';
import type { Part } from './preparation.ts';
import { checkDuplicateFields, prepareChanged, writtenOf } from './preparation.ts';
import { checkDecidedFrom, checkNames, withNames } from './update.ts';
import { checkWriteOptions } from './writer.ts';

/** Answers a patch; made again from the newest state when somebody else wrote in between. */
export async function patch(
  exchange: Exchange,
  part: Exclude<Part, 'finalize'>,
): Promise<ApiResponse> {
  if (isApplyPatch(exchange.request)) return applyServerSide(exchange, part);
  const patchOf = parsePatch(exchange.request);
  checkWriteOptions(exchange, false);
  checkDuplicateFields(exchange);
  const { definition } = exchange;
  const schema = patchSchemaOf(definition.schema);
  const { object } = await change(
    exchange,
    (old) => {
      const patched = patchOf(asServed(definition, old) as JsonObject, schema);
      checkNames(exchange, patched);
      checkDecidedFrom(exchange, patched, old);
      const next = prepareChanged(exchange, withNames(exchange, patched), old, part);
      return tracked(exchange, next, old, writtenOf(part));
    },
    { retries: true },
  );
  return answerObject(exchange, object);
}
