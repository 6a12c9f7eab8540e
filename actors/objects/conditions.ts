// Conditions in a status: find one, set one.

/** What all conditions have; pods', nodes' and deployments' have more. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  /** When `status` last changed, RFC 3339. */
  lastTransitionTime?: string;
}

export const findCondition = <C extends Condition>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined => conditions?.find((condition) => condition.type === type);

/** Is the condition there, with status True? */
export const isConditionTrue = (
  conditions: readonly Condition[] | undefined,
  type: string,
): boolean => findCondition(conditions, type)?.status === 'True';

/**
 * The conditions with this one in place of its predecessor. `now` (RFC 3339) becomes its
 * lastTransitionTime if the status differs; otherwise the old time stays. The same list if nothing changed.
 */
export function withCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  condition: C,
  now: string,
): readonly C[] {
  const all = conditions ?? [];
  const old = findCondition(all, condition.type);
  if (old === undefined) return [...all, { ...condition, lastTransitionTime: now }];
  const lastTransitionTime =
    old.status === condition.status ? (old.lastTransitionTime ?? now) : now;
  const next = { ...condition, lastTransitionTime };
  if (sameFields(old, next)) return all;
  return all.map((one) => (one === old ? next : one));
}

/** The conditions without the one of this type. */
export const withoutCondition = <C extends Condition>(
  conditions: readonly C[] | undefined,
  type: string,
): readonly C[] => (conditions ?? []).filter((condition) => condition.type !== type);

function sameFields(left: object, right: object): boolean {
  const [one, other] = [Object.entries(left), new Map(Object.entries(right))];
  return one.length === other.size && one.every(([key, value]) => other.get(key) === value);
}
