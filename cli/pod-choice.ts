// The pods behind a word: a pod's name, or a workload whose selector finds them.

import { refused, wrongUsage } from './failure.ts';
import { pathOf } from './resources.ts';
import type { Session } from './session.ts';
import type { ApiList, ApiObject } from './watch.ts';
import { withQuery } from './watch.ts';

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Expression[];
}

function expressionText({ key, operator, values = [] }: Expression): string {
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    default:
      return `!${key}`;
  }
}

/** A label selector as the API's query takes it. */
export const selectorText = ({ matchLabels = {}, matchExpressions = [] }: Selector): string =>
  [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(expressionText),
  ].join(',');

/** The selector of a workload or a Service; undefined when it has none. */
export function podSelectorOf(object: ApiObject): string | undefined {
  const selector = object.spec?.['selector'] as Selector | undefined;
  if (selector === undefined) return undefined;
  const isService = object.kind === 'Service';
  return selectorText(isService ? { matchLabels: selector as Record<string, string> } : selector);
}

const isReady = ({ status }: ApiObject): boolean =>
  ((status?.['conditions'] ?? []) as readonly { type: string; status: string }[]).some(
    ({ type, status: value }) => type === 'Ready' && value === 'True',
  );

const isLeaving = ({ metadata }: ApiObject): boolean => metadata?.deletionTimestamp !== undefined;

/** The best pod to look at first: one that is ready and stays. */
function bestFirst(pods: readonly ApiObject[]): readonly ApiObject[] {
  const rank = (pod: ApiObject): number => (isReady(pod) ? 0 : 2) + (isLeaving(pod) ? 1 : 0);
  return [...pods].sort((a, b) => rank(a) - rank(b));
}

/** Pods of `POD`, `KIND/NAME` or a selector. */
export async function findPods(
  session: Session,
  target: string | undefined,
  selector: string | undefined,
): Promise<readonly ApiObject[]> {
  const { client, namespace } = session;
  const resources = await session.resources();
  const pods = resources.named('pods');
  const select = async (labelSelector: string): Promise<readonly ApiObject[]> => {
    const path = withQuery(pathOf(pods, namespace), { labelSelector });
    return bestFirst((await client.json<ApiList>({ path })).items);
  };
  if (target === undefined) return select(selector ?? '');
  const [kind, name] = target.includes('/') ? target.split('/', 2) : ['pods', target];
  if (name === undefined || name === '') {
    throw wrongUsage(`${JSON.stringify(target)} is neither a pod nor KIND/NAME.`);
  }
  const resource = resources.named(kind!);
  const object = await client.json<ApiObject>({ path: pathOf(resource, namespace, name) });
  if (resource === pods) return [object];
  const found = podSelectorOf({ kind: resource.kind, ...object });
  if (found === undefined) throw refused(`${target} has no selector, so it has no pods to choose.`);
  const chosen = await select(found);
  if (chosen.length === 0) throw refused(`${target} has no pods now.`);
  return chosen;
}
