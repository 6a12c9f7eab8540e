// Every place in a manifest, and the manifest with something else there.

export type Path = readonly (string | number)[];

export function allPaths(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, one]) =>
    allPaths(one, [...at, Array.isArray(value) ? Number(key) : key]),
  );
  return [at, ...inner];
}

export function withValueAt(target: unknown, [head, ...rest]: Path, value: unknown): unknown {
  if (head === undefined) return value;
  const copy = Array.isArray(target) ? [...target] : { ...(target as object) };
  const holder = copy as Record<string | number, unknown>;
  holder[head] = withValueAt(holder[head], rest, value);
  return copy;
}
