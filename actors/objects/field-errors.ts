// What is wrong with a field of an object, in the form and wording of Kubernetes' Status causes.

/** The `reason` of a Status cause. */
export type FieldErrorReason =
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueInvalid'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueRequired'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid';

export interface FieldError {
  /** As in `spec.template.spec.containers[0].name`. */
  readonly path: string;
  readonly reason: FieldErrorReason;
  /** What was found there; absent when nothing was. */
  readonly value?: unknown;
  /** `Invalid value: -1: must be greater than or equal to 0`, without the path. */
  readonly message: string;
}

export const invalid = (path: string, value: unknown, detail: string): FieldError => ({
  path,
  reason: 'FieldValueInvalid',
  value,
  message: `Invalid value: ${show(value)}: ${detail}`,
});

export const wrongType = (path: string, value: unknown, wanted: string): FieldError => ({
  path,
  reason: 'FieldValueTypeInvalid',
  value,
  message: `Invalid value: ${show(value)}: must be of type ${wanted}`,
});

export const required = (path: string, detail = ''): FieldError => ({
  path,
  reason: 'FieldValueRequired',
  message: detail === '' ? 'Required value' : `Required value: ${detail}`,
});

export const forbidden = (path: string, detail: string): FieldError => ({
  path,
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${detail}`,
});

export const duplicate = (path: string, value: unknown): FieldError => ({
  path,
  reason: 'FieldValueDuplicate',
  value,
  message: `Duplicate value: ${show(value)}`,
});

export const notFound = (path: string, value: unknown): FieldError => ({
  path,
  reason: 'FieldValueNotFound',
  value,
  message: `Not found: ${show(value)}`,
});

export const tooLong = (path: string, limit: number): FieldError => ({
  path,
  reason: 'FieldValueTooLong',
  message: `Too long: may not be more than ${limit} bytes`,
});

export const tooMany = (path: string, found: number, limit: number): FieldError => ({
  path,
  reason: 'FieldValueTooMany',
  value: found,
  message: `Too many: ${found}: must have at most ${limit} items`,
});

export function notSupported(
  path: string,
  value: unknown,
  supported: readonly string[],
): FieldError {
  const values = supported.toSorted().map((one) => JSON.stringify(one));
  return {
    path,
    reason: 'FieldValueNotSupported',
    value,
    message: `Unsupported value: ${show(value)}: supported values: ${values.join(', ')}`,
  };
}

/** `spec.replicas: Invalid value: -1: must be …`. */
export const formatFieldError = ({ path, message }: FieldError): string => `${path}: ${message}`;

/** Several as one text, as Kubernetes joins them: alone, or in brackets. */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(formatFieldError))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

/** A value longer than this is cut in messages. */
const SHOWN_CHARACTERS = 1_000;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
