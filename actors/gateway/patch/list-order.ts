// The order of a merged list: as the patch asks, with the elements it does not name kept in their places.

/** Identity of a list element: the value of its merge key, or itself. */
export type Identity = (element: unknown) => unknown;

const sortedBy = (
  elements: readonly unknown[],
  order: ReadonlyMap<unknown, number>,
  identity: Identity,
): unknown[] =>
  [...elements].sort(
    (a, b) => (order.get(identity(a)) ?? Infinity) - (order.get(identity(b)) ?? Infinity) || 0,
  );

const positions = (elements: readonly unknown[], identity: Identity): Map<unknown, number> => {
  const places = new Map<unknown, number>();
  for (const [index, element] of elements.entries()) {
    const id = identity(element);
    if (!places.has(id)) places.set(id, index);
  }
  return places;
};

/**
 * Orders `merged`: the elements that `wanted` names come in its order, the others in the order of
 * `before`, and the two are woven so that an element of `before` stays ahead of those that it preceded.
 */
export function orderElements(
  merged: readonly unknown[],
  wanted: readonly unknown[],
  before: readonly unknown[],
  identity: Identity,
): unknown[] {
  const wantedAt = positions(wanted, identity);
  const beforeAt = positions(before, identity);
  const isWanted = (element: unknown): boolean => wantedAt.has(identity(element));
  const named = sortedBy(merged.filter(isWanted), wantedAt, identity);
  const others = sortedBy(
    merged.filter((element) => !isWanted(element)),
    beforeAt,
    identity,
  );
  const result: unknown[] = [];
  let next = 0;
  for (const element of named) {
    const place = beforeAt.get(identity(element)) ?? -1;
    for (; next < others.length; next++) {
      if ((beforeAt.get(identity(others[next])) ?? Infinity) > place) break;
      result.push(others[next]);
    }
    result.push(element);
  }
  return [...result, ...others.slice(next)];
}
