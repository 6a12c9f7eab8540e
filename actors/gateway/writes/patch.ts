// PATCH of an object or of its status.

import { asServed } from '../../objects/served-kinds.ts';
import type { Exchange } from '../exchange.ts';
import { answerObject } from '../exchange.ts';
import { parsePatch } from '../patch/apply-patch.ts';
import { patchSchemaOf } from '../patch/kind-patch-schema.ts';
import type { ApiResponse } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { change } from './change.ts';
import type { Part } from './preparation.ts';
import { prepareChanged } from './preparation.ts';
import { checkDecidedFrom, checkNames, withNames } from './update.ts';

/** Answers a patch; made again from the newest state when somebody else wrote in between. */
export async function patch(exchange: Exchange, part: Part): Promise<ApiResponse> {
  const apply = parsePatch(exchange.request);
  const { definition } = exchange;
  const schema = patchSchemaOf(definition.schema);
  const { object } = await change(
    exchange,
    (old) => {
      const patched = apply(asServed(definition, old) as JsonObject, schema);
      checkNames(exchange, patched);
      checkDecidedFrom(exchange, patched, old);
      return prepareChanged(exchange, withNames(exchange, patched), old, part);
    },
    { retries: true },
  );
  return answerObject(exchange, object);
}
