// Status conditions: one per type, whose transition time moves only when its status does.

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** A time as objects carry it: RFC 3339 in whole seconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** The conditions with `next` in the place of the one of its type, or at the end. */
export function withCondition<C extends Condition>(
  conditions: readonly C[],
  next: C,
  nowMs: number,
): C[] {
  const known = conditions.find(({ type }) => type === next.type);
  const lastTransitionTime =
    known?.status === next.status && known.lastTransitionTime !== undefined
      ? known.lastTransitionTime
      : timestamp(nowMs);
  const entry = { ...next, lastTransitionTime };
  return known === undefined
    ? [...conditions, entry]
    : conditions.map((condition) => (condition === known ? entry : condition));
}
