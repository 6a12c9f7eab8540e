// CertificateSigningRequest: somebody asks for a certificate, somebody else approves, a signer signs.

import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from 'kubernetes-types/certificates/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { timestamp } from '../../meta.ts';
import { pathSegmentProblems } from '../../name-rules.ts';
import { ageColumn, column, formatAge, nameColumn } from '../columns.ts';
import { validateApproval, validateRequest } from './signing-request-validation.ts';

export const certificateSigningRequestKind: KindDefinition<'CertificateSigningRequest'> = {
  names: {
    kind: 'CertificateSigningRequest',
    group: 'certificates.k8s.io',
    version: 'v1',
    plural: 'certificatesigningrequests',
    singular: 'certificatesigningrequest',
    shortNames: ['csr'],
    categories: [],
    namespaced: false,
  },
  schema: 'certificates.v1.CertificateSigningRequest',
  subresources: ['approval', 'status'],
  columns: [
    nameColumn(),
    ageColumn(),
    column('SignerName', 'Who shall sign.', ({ spec }) => spec?.signerName ?? ''),
    column('Requestor', 'Who asks.', ({ spec }) => spec?.username ?? ''),
    column('RequestedDuration', 'How long it shall be valid.', ({ spec }) =>
      spec?.expirationSeconds === undefined ? '<none>' : formatAge(spec.expirationSeconds * 1_000),
    ),
    column('Condition', 'How far it is.', conditionText),
  ],
  selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
  strategy: {
    nameProblems: pathSegmentProblems,
    setDefaults: () => undefined,
    validate: validateRequest,
    validateUpdate: () => [],
    validateStatus: validateApproval,
    hasStatus: true,
    countsGenerations: false,
    prepareCreate: (request, { user }) => {
      request.status = {};
      if (request.spec === undefined) return;
      const { username: _u, uid: _i, groups: _g, extra: _e, ...spec } = request.spec;
      request.spec = { ...spec, username: user?.name ?? '', groups: [...(user?.groups ?? [])] };
      if (user?.uid !== undefined) request.spec.uid = user.uid;
    },
    prepareUpdate: (next, old) => {
      next.spec = structuredClone(old.spec);
    },
    prepareStatus: (next, old, { subresource, nowMs }) => {
      const isApproval = (one: CertificateSigningRequestCondition): boolean =>
        one.type === 'Approved' || one.type === 'Denied';
      const status = (next.status ??= {});
      if (subresource === 'approval') {
        delete status.certificate;
        if (old.status?.certificate !== undefined) status.certificate = old.status.certificate;
      } else {
        const kept = (old.status?.conditions ?? []).filter(isApproval);
        const given = (status.conditions ?? []).filter((one) => !isApproval(one));
        status.conditions = [...kept, ...given];
        if (status.conditions.length === 0) delete status.conditions;
      }
      if (nowMs === undefined) return;
      setTimes(status.conditions ?? [], old.status?.conditions ?? [], timestamp(nowMs));
    },
  },
};

/** A condition says since when it is what it is. */
function setTimes(
  conditions: readonly CertificateSigningRequestCondition[],
  old: readonly CertificateSigningRequestCondition[],
  now: string,
): void {
  for (const condition of conditions) {
    condition.lastUpdateTime ??= now;
    if (condition.lastTransitionTime !== undefined) continue;
    const same = old.find(
      ({ type, status }) => type === condition.type && status === condition.status,
    );
    condition.lastTransitionTime = same?.lastTransitionTime ?? now;
  }
}

function conditionText({ status }: Readonly<CertificateSigningRequest>): string {
  const has = (type: string): boolean =>
    (status?.conditions ?? []).some((one) => one.type === type);
  const said = ['Approved', 'Denied', 'Failed'].filter(has);
  if (said.length === 0) said.push('Pending');
  if ((status?.certificate ?? '') !== '') said.push('Issued');
  return said.join(',');
}
