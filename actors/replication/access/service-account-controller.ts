// Gives each namespace the account that its pods have unless they name another.

import type { Controller } from '../../duties/controller.ts';
import { NO_PLAN } from '../../duties/controller.ts';
import { contentPlan } from './namespace-content.ts';

const DEFAULT_ACCOUNT = 'default';

export const serviceAccountController: Controller = {
  name: 'service-account',
  kinds: ['Namespace', 'ServiceAccount'],
  keysOf: ({ kind, key }) => {
    if (kind === 'Namespace') return [key.name];
    return key.name === DEFAULT_ACCOUNT ? [key.namespace] : [];
  },
  allKeys: (view) => view.list('Namespace').map(({ metadata }) => metadata?.name ?? ''),
  reconcile: (view, namespace, moment) => {
    if (view.get('ServiceAccount', namespace, DEFAULT_ACCOUNT) !== undefined) return NO_PLAN;
    const given = { metadata: { name: DEFAULT_ACCOUNT, namespace } };
    return contentPlan(view, 'ServiceAccount', given, namespace, moment);
  },
};
