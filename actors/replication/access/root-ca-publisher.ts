// Gives each namespace the certificate by which its pods know the API, and keeps it as it is.

import type { Controller } from '../../duties/controller.ts';
import { NO_PLAN } from '../../duties/controller.ts';
import { sameValue } from '../../objects/field-rules.ts';
import { contentPlan } from './namespace-content.ts';

const CONFIG_MAP = 'kube-root-ca.crt';

/** `authority` answers the PEM of the API's authority; undefined in a log that begins without one. */
export const rootCaPublisher = (authority: () => string | undefined): Controller => ({
  name: 'root-ca-certificate-publisher',
  kinds: ['Namespace', 'ConfigMap'],
  keysOf: ({ kind, key }) => {
    if (kind === 'Namespace') return [key.name];
    return key.name === CONFIG_MAP ? [key.namespace] : [];
  },
  allKeys: (view) => view.list('Namespace').map(({ metadata }) => metadata?.name ?? ''),
  reconcile: (view, namespace, moment) => {
    const certificate = authority();
    if (certificate === undefined) return NO_PLAN;
    const data = { 'ca.crt': certificate };
    const found = view.get('ConfigMap', namespace, CONFIG_MAP);
    if (found === undefined) {
      const given = { metadata: { name: CONFIG_MAP, namespace }, data };
      return contentPlan(view, 'ConfigMap', given, namespace, moment);
    }
    if (sameValue(found.data, data)) return NO_PLAN;
    return { writes: [{ type: 'update', kind: 'ConfigMap', object: { ...found, data } }] };
  },
});
