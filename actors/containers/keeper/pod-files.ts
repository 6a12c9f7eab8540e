// Names of the files that a peer and a keeper share in the directory of a pod.

export const KEEPER_CONFIG = 'keeper.json';
export const KEEPER_SOCKET = 'keeper.sock';

/** Held by the one keeper of this generation; the next one may start when that process is gone. */
export const claimName = (generation: number): string => `keeper.${generation}.claim`;

/** Undefined when `name` is no claim. */
export function generationOf(name: string): number | undefined {
  const match = /^keeper\.(\d+)\.claim$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}
