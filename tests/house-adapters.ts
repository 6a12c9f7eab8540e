// The allow-list: the only files that may touch the outside world, and nothing else does.

/** Paths from the project's root. */
export const adapters: ReadonlySet<string> = new Set<string>([
  'actors/admission/x509-authority.ts',
]);
