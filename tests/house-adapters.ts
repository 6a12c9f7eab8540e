// The allow-list: the only files that may touch the outside world, and nothing else does.

/** Paths from the project's root; one that ends in `/` is a folder that is an adapter as a whole. */
export const adapters: readonly string[] = [
  // The machine's clock, chance and turns.
  'runtime/abort-within.ts',
  'runtime/immediate-dispatcher.ts',
  'runtime/immediate-macrotask.ts',
  'runtime/system-clock.ts',
  'runtime/system-random.ts',
  // Keys and files of the mesh.
  'mesh/datagram/datagram-cipher.ts',
  'mesh/datagram/udp-datagram-socket.ts',
  'mesh/belonging/ed25519-signer.ts',
  'mesh/links/file-address-book.ts',
  'mesh/belonging/file-identity.ts',
  'mesh/belonging/private-file.ts',
  'mesh/belonging/sealed-box.ts',
  'mesh/belonging/token-generator.ts',
  // The only use of libp2p.
  'mesh/libp2p/',
  // The log's disk.
  'consensus/log/node-directory-lock.ts',
  'consensus/log/node-disk.ts',
  // Certificates, and the files a peer keeps of its membership.
  'actors/admission/file-credentials.ts',
  'actors/admission/file-kubeconfig.ts',
  'actors/admission/x509-authority.ts',
  // HTTPS and WebSockets.
  'actors/gateway/http/',
  // Pods as processes of this machine, and the keepers that outlive a peer.
  'actors/containers/keeper/',
  'actors/containers/process/',
  // Logs, probes, forwarded bytes and capacity of this machine.
  'actors/containers/local-pod-streams.ts',
  'actors/containers/log-reader.ts',
  'actors/containers/node-capacity.ts',
  'actors/containers/node-prober.ts',
  // Sockets of Services.
  'actors/routing/net-front-listener.ts',
  // What a peer asks of its machine when it starts.
  'actors/host-machine.ts',
];
