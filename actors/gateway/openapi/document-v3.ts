// Paths as OpenAPI v3 writes them.

import type { JsonObject } from '../request/body.ts';
import { WORDS } from './document-v2.ts';
import type { Operation, Path } from './operations.ts';
import type { Parameter } from './parameters.ts';
import { PRETTY } from './parameters.ts';
import { referenceTo } from './schemas.ts';

const parameter = ({ in: place, name, type }: Parameter): JsonObject => ({
  in: place,
  name,
  schema: { type, uniqueItems: true },
  ...(place === 'path' ? { required: true } : {}),
});

const content = (types: readonly string[], schema: JsonObject): JsonObject =>
  Object.fromEntries(types.map((type) => [type, { schema }]));

function operation(made: Operation): JsonObject {
  const { body, answer, action } = made;
  const schema = answer === undefined ? { type: 'string' } : referenceTo('v3', answer);
  const answers = made.codes.map((code) => [
    String(code),
    { description: WORDS[code], content: content(made.produces, schema) },
  ]);
  return {
    tags: [made.tag],
    operationId: made.operationId,
    parameters: made.parameters.map(parameter),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: content(made.consumes, referenceTo('v3', body)),
            ...(action.startsWith('delete') ? {} : { required: true }),
          },
        }),
    responses: Object.fromEntries([
      ...answers,
      ['401', { description: 'Unauthorized' }],
    ]) as unknown,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': made.kind,
  };
}

/** One path with its operations. */
export const pathItemV3 = ({ parameters, operations }: Path): JsonObject => ({
  parameters: [...parameters, PRETTY].map(parameter),
  ...Object.fromEntries(operations.map((made) => [made.method, operation(made)])),
});
