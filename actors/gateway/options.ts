// What the gateway is given: the store, the objects, and ports to everything it does not own.

import type { Store } from '../../consensus/index.ts';
import type { Clock, Logger, Random } from '../../runtime/index.ts';
import type { AccountTokens } from '../objects/account-claims.ts';
import type { Objects } from '../objects/objects.ts';
import type { PodStreams } from '../objects/pod-streams.ts';
import type { TokenReview } from './authentication.ts';
import type { ExtraResources } from './extra-resources.ts';

export interface GatewayOptions {
  readonly store: Store;
  readonly objects: Objects;
  readonly streams: PodStreams;
  readonly reviewToken: TokenReview;
  readonly accountTokens: AccountTokens;
  readonly extras: ExtraResources;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Of this program, without a leading v. */
  readonly version: string;
  /** As in linux/amd64; for /version. */
  readonly platform: string;
  /** host:port under which clients reach this peer. */
  readonly serverAddress: string;
  /** Why this peer should get no new requests, for /readyz; undefined when it should. */
  readonly unready: () => string | undefined;
}
