// Paths as OpenAPI v2 writes them.

import type { JsonObject } from '../request/body.ts';
import type { Operation, Path } from './operations.ts';
import type { Parameter } from './parameters.ts';
import { PRETTY } from './parameters.ts';
import { referenceTo } from './schemas.ts';

const parameter = ({ in: place, name, type }: Parameter): JsonObject => ({
  in: place,
  name,
  type,
  uniqueItems: true,
  ...(place === 'path' ? { required: true } : {}),
});

function operation(made: Operation): JsonObject {
  const { body, answer, action } = made;
  const schema = answer === undefined ? { type: 'string' } : referenceTo('v2', answer);
  const sent =
    body === undefined
      ? []
      : [
          {
            in: 'body',
            name: 'body',
            ...(action.startsWith('delete') ? {} : { required: true }),
            schema: referenceTo('v2', body),
          },
        ];
  const answers = made.codes.map((code) => [String(code), { description: WORDS[code], schema }]);
  return {
    consumes: made.consumes,
    operationId: made.operationId,
    parameters: [...sent, ...made.parameters.map(parameter)],
    produces: made.produces,
    responses: Object.fromEntries([
      ...answers,
      ['401', { description: 'Unauthorized' }],
    ]) as unknown,
    schemes: ['https'],
    tags: [made.tag],
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': made.kind,
  };
}

/** What a code means, in the words of HTTP. */
export const WORDS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
};

/** One path with its operations. */
export const pathItemV2 = ({ parameters, operations }: Path): JsonObject => ({
  ...Object.fromEntries(operations.map((made) => [made.method, operation(made)])),
  parameters: [...parameters, PRETTY].map(parameter),
});
