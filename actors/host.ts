// A peer on a real machine: finds or makes its membership, opens its ports, composes it over real adapters.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeDisk } from '../consensus/index.ts';
import {
  authorityHash,
  createFileAddressBook,
  createLibp2pTransport,
  joinCluster,
  loadIdentity,
  parseToken,
  sha256,
} from '../mesh/index.ts';
import type { AuthorityKeys, Identity } from '../mesh/index.ts';
import {
  asSkeinError,
  createImmediateDispatcher,
  createSystemClock,
  createSystemRandom,
  failed,
  ok,
  SkeinError,
} from '../runtime/index.ts';
import type { Clock, Logger, Random } from '../runtime/index.ts';
import { createAdmission } from './admission/admission.ts';
import type { Admission } from './admission/admission.ts';
import { admissionActor, admissionPath } from './admission/admission-actor.ts';
import { keepAuthority } from './admission/authority-keeping.ts';
import {
  readCredentials,
  removeCredentials,
  writeCredentials,
} from './admission/file-credentials.ts';
import type { Credentials } from './admission/file-credentials.ts';
import { foundCluster, foundingAuthority, writeFounding } from './admission/founding.ts';
import type { Founder } from './admission/founding.ts';
import { createIssuer } from './admission/issuer.ts';
import { createJoinToken } from './admission/join-tokens.ts';
import { ensureAdminKubeconfig } from './admission/file-kubeconfig.ts';
import { checkProof } from './admission/proof.ts';
import { createRequest, apiKeyOf } from './admission/x509-authority.ts';
import { createLoadMeter, readNodeCapacity } from './containers/node-capacity.ts';
import { createNodeProber } from './containers/node-prober.ts';
import { createProcessContainerDriver } from './containers/process-container-driver.ts';
import { startHttpsServer } from './gateway/http/https-server.ts';
import { claimAddress, hasLoopbackRange, readMachine, reachableHost, usablePort } from './host-machine.ts';
import type { HostedPeer, HostOptions } from './host-options.ts';
import { leaveZone } from './leaving.ts';
import { startPeer } from './peer.ts';
import type { Peer } from './peer.ts';
import { createNetFrontListener } from './routing/net-front-listener.ts';
import { skeinResources } from './skein-resources.ts';
import { version } from './version.ts';
