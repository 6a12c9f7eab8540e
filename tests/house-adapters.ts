// The allow-list: the only files that may touch the outside world, and nothing else does.

/** Paths from the project's root. */
export const adapters: ReadonlySet<string> = new Set<string>([
  // The machine's clock, chance and turns.
  'runtime/immediate-dispatcher.ts',
  'runtime/immediate-macrotask.ts',
  'runtime/system-clock.ts',
  'runtime/system-random.ts',
  // Keys and files of the mesh, and all of libp2p.
  'mesh/ed25519-signer.ts',
  'mesh/file-address-book.ts',
  'mesh/file-identity.ts',
  'mesh/sealed-box.ts',
  'mesh/token-generator.ts',
]);
