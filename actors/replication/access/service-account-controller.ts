// Gives each namespace the account that its pods have unless they name another.

import { randomUuid } from '../../../runtime/index.ts';
import type { Controller } from '../../duties/controller.ts';
import { NO_PLAN } from '../../duties/controller.ts';
import { storeKey } from '../../objects/object-keys.ts';
import { prepareCreate } from '../../objects/write-preparation.ts';

const DEFAULT_ACCOUNT = 'default';

export const serviceAccountController: Controller = {
  name: 'service-account',
  kinds: ['Namespace', 'ServiceAccount'],
  keysOf: ({ kind, key }) => [kind === 'Namespace' ? key.name : key.namespace],
  allKeys: (view) => view.list('Namespace').map(({ metadata }) => metadata?.name ?? ''),
  reconcile: (view, name, moment) => {
    const namespace = view.get('Namespace', '', name);
    if (namespace === undefined || namespace.metadata?.deletionTimestamp !== undefined) {
      return NO_PLAN;
    }
    if (view.get('ServiceAccount', name, DEFAULT_ACCOUNT) !== undefined) return NO_PLAN;
    const given = { metadata: { name: DEFAULT_ACCOUNT, namespace: name } };
    const made = { nowMs: moment.nowMs, uid: randomUuid(moment.random) };
    const prepared = prepareCreate('ServiceAccount', given, made);
    if (!prepared.ok) throw new Error(`the default account is not valid: ${prepared.message}`);
    const key = storeKey({ kind: 'Namespace', namespace: '', name });
    const to = Number(namespace.metadata?.resourceVersion);
    return {
      writes: [{ type: 'create', kind: 'ServiceAccount', object: prepared.object }],
      also: { compare: [{ target: 'mod', key, is: '=', to }], success: [] },
    };
  },
};
