// What is wrong with a Secret. Its values are never told.

import type { Secret } from 'kubernetes-types/core/v1.d.ts';
import { invalid, required, tooLong } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { DATA_LIMIT_BYTES, decodedBytes, validateKeys } from './config-data.ts';

type Errors = readonly FieldError[];

const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const REDACTED = '<secret contents redacted>';

export const validateSecret = (secret: Readonly<Secret>): Errors => [
  ...validateKeys('data', secret.data),
  ...(decodedBytes(secret.data) > DATA_LIMIT_BYTES ? [tooLong('data', DATA_LIMIT_BYTES)] : []),
  ...validateType(secret),
];

/** Types that promise certain keys must have them. */
function validateType({ type, data = {}, metadata }: Readonly<Secret>): Errors {
  const missing = (...keys: readonly string[]): Errors =>
    keys.filter((key) => !Object.hasOwn(data, key)).map((key) => required(`data[${key}]`));
  switch (type) {
    case 'kubernetes.io/service-account-token':
      return (metadata?.annotations?.[SERVICE_ACCOUNT_NAME] ?? '') === ''
        ? [required(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`)]
        : [];
    case 'kubernetes.io/dockercfg':
      return validateJson(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return validateJson(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth':
      return Object.hasOwn(data, 'username') || Object.hasOwn(data, 'password')
        ? []
        : missing('username', 'password');
    case 'kubernetes.io/ssh-auth':
      return (data['ssh-privatekey'] ?? '') === '' ? [required('data[ssh-privatekey]')] : [];
    case 'kubernetes.io/tls':
      return missing('tls.crt', 'tls.key');
    default:
      return [];
  }
}

function validateJson(data: Readonly<Record<string, string>>, key: string): Errors {
  const value = data[key];
  if (value === undefined) return [required(`data[${key}]`)];
  try {
    const read: unknown = JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
    if (typeof read === 'object' && !Array.isArray(read)) return [];
  } catch {
    return [invalid(`data[${key}]`, REDACTED, 'must be valid JSON')];
  }
  return [invalid(`data[${key}]`, REDACTED, 'must be a JSON object')];
}
