// What is wrong with a request for a certificate, and with its approval.

import type {
  CertificateSigningRequest,
  CertificateSigningRequestSpec,
} from 'kubernetes-types/certificates/v1.d.ts';
import { duplicate, forbidden, invalid, notSupported, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { oneOf, sameValue, unchanged } from '../../field-rules.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { requestShapeProblem } from './request-shape.ts';

type Errors = readonly FieldError[];

const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
const LEAST_SECONDS = 600;
/** Longer requests are refused before they are read. */
const REQUEST_LIMIT = 256 * 1_024;

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

export function validateRequest({ spec }: Readonly<CertificateSigningRequest>): Errors {
  const asked: Partial<CertificateSigningRequestSpec> = spec ?? {};
  const { request = '', usages = [], signerName = '', expirationSeconds } = asked;
  const errors: FieldError[] = [];
  const requestProblem = pemProblem(request);
  if (requestProblem !== undefined) errors.push(invalid('spec.request', request, requestProblem));
  if (usages.length === 0) errors.push(required('spec.usages'));
  for (const [i, usage] of usages.entries()) {
    const path = `spec.usages[${i}]`;
    if (!USAGES.includes(usage)) errors.push(notSupported(path, usage, USAGES));
    if (usages.indexOf(usage) < i) errors.push(duplicate(path, usage));
  }
  errors.push(...validateSignerName(signerName, 'spec.signerName'));
  if (expirationSeconds !== undefined && expirationSeconds < LEAST_SECONDS) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalid('spec.expirationSeconds', expirationSeconds, detail));
  }
  return errors;
}

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function pemProblem(request: string): string | undefined {
  if (request.length > REQUEST_LIMIT) return `must be no more than ${REQUEST_LIMIT} characters`;
  const bare = request.replace(/\s/g, '');
  const pem = BASE64.test(bare) ? PEM.exec(Buffer.from(bare, 'base64').toString('latin1')) : null;
  if (pem === null || pem[1] !== 'CERTIFICATE REQUEST') {
    return 'PEM block type must be CERTIFICATE REQUEST';
  }
  return requestShapeProblem(Buffer.from(pem[2]!, 'base64'));
}

function validateSignerName(name: string, path: string): Errors {
  if (name === '') return [required(path)];
  if (name === LEGACY_SIGNER) {
    return [invalid(path, name, 'the legacy signerName is not allowed via this API version')];
  }
  const slash = name.indexOf('/');
  const [domain, rest] = [name.slice(0, slash), name.slice(slash + 1)];
  if (slash < 0 || rest === '' || rest.includes('/')) {
    const detail =
      "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(path, name, detail)];
  }
  const problems = [...subdomainProblems(domain), ...subdomainProblems(rest)];
  if (!domain.includes('.'))
    problems.push('should be a domain with at least two segments separated by dots');
  return problems.map((problem) => invalid(path, name, problem));
}

/** A decision stays, and is one or the other. */
export function validateApproval(
  { status }: Readonly<CertificateSigningRequest>,
  old: Readonly<CertificateSigningRequest>,
): Errors {
  const path = 'status.conditions';
  const conditions = status?.conditions ?? [];
  const types = conditions.map(({ type }) => type);
  const errors: FieldError[] = conditions.flatMap((condition, i) => {
    const at = `${path}[${i}]`;
    const isDecision = ['Approved', 'Denied', 'Failed'].includes(condition.type);
    return [
      ...(condition.type === '' ? [required(`${at}.type`)] : []),
      ...oneOf(
        `${at}.status`,
        condition.status,
        isDecision ? ['True'] : ['False', 'True', 'Unknown'],
      ),
      ...(types.indexOf(condition.type) < i ? [duplicate(`${at}.type`, condition.type)] : []),
    ];
  });
  if (types.includes('Approved') && types.includes('Denied')) {
    const detail = 'Approved and Denied conditions are mutually exclusive';
    errors.push(invalid(path, types, detail));
  }
  for (const was of old.status?.conditions ?? []) {
    const isDecision = ['Approved', 'Denied', 'Failed'].includes(was.type);
    if (isDecision && !types.includes(was.type)) {
      errors.push(forbidden(path, `updates may not remove a condition of type "${was.type}"`));
    }
  }
  const certificate = old.status?.certificate;
  if (certificate !== undefined && !sameValue(certificate, status?.certificate)) {
    errors.push(...unchanged('status.certificate', status?.certificate, certificate));
  }
  return errors;
}
