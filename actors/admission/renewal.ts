// Certificates of a running peer are renewed in process, well before they end: membership, serving, administrator's.
//
//   waiting --two thirds of the life are over, or it has ended--> asking --signed and kept--> waiting
//                                                                   '--refused, nobody there, no room--> asks again later

import type { Clock, Logger, Random, Result, Timer } from '../../runtime/index.ts';
import { asSkeinError, failed } from '../../runtime/index.ts';

/** Of its life, what is left when a certificate is renewed; spread by a tenth, so that a zone does not ask at once. */
const leftWhenRenewed = 1 / 3;
const spread = 0.1;
/** The wall clock is read at least so often: it may be set, and a machine may have slept. */
const lookAgainMs = 3_600_000;
/** Pauses after failures: doubled each time from the first to the longest, and less for lives that are short. */
const firstRetryMs = 1_000;
const longestRetryMs = 300_000;
const shortestRetryMs = 50;

export interface Renewable {
  /** For people: `membership`. */
  readonly what: string;
  /** Of the certificate in use, wall clock. */
  readonly period: () => { readonly notBeforeMs: number; readonly notAfterMs: number };
  /** Has a new one signed, keeps it and puts it to use. */
  readonly renew: () => Promise<Result<void>>;
}

export interface Renewing {
  /** Asks at once if a renewal is due, whatever pause there is; resolves when it is answered, well or not. */
  readonly hurry: () => Promise<void>;
  readonly stop: () => void;
}

/** Until stopped. A renewal that is due when this is called begins at once. */
export function keepRenewed(
  renewable: Renewable,
  { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Logger },
): Renewing {
  const { what } = renewable;
  const share = leftWhenRenewed * (1 + spread * (random.float() - 0.5));
  let timer: Timer | undefined;
  let failures = 0;
  let isStopped = false;
  let asking: Promise<void> | undefined;

  const lookIn = (delayMs: number): void => {
    timer?.cancel();
    if (!isStopped) timer = clock.setTimer(delayMs, look);
  };

  const look = (): void => {
    const { notBeforeMs, notAfterMs } = renewable.period();
    const leftMs = notAfterMs - share * (notAfterMs - notBeforeMs) - clock.wallMs();
    if (leftMs > 0) return lookIn(Math.min(leftMs, lookAgainMs));
    asking ??= attempt(renewable).then((renewed) => {
      asking = undefined;
      if (isStopped) return;
      if (renewed.ok) {
        failures = 0;
        log.info('renewed', { what, until: new Date(renewable.period().notAfterMs).toISOString() });
        return look();
      }
      failures += 1;
      const { code, message } = renewed.error;
      log.warn('not renewed yet', { what, failures, code, reason: message });
      lookIn(retryPauseMs(failures, notAfterMs - notBeforeMs, random));
    });
  };

  look();
  return {
    hurry: async () => {
      look();
      await asking;
    },
    stop: () => {
      isStopped = true;
      timer?.cancel();
    },
  };
}

/** Before try number `failures` + 1 of a certificate that lives so long; half to one and a half of the nominal pause. */
function retryPauseMs(failures: number, lifeMs: number, random: Random): number {
  const longestMs = Math.max(shortestRetryMs, Math.min(longestRetryMs, lifeMs / 20));
  const nominalMs = Math.min(longestMs, firstRetryMs * 2 ** Math.min(failures - 1, 16));
  return nominalMs * (0.5 + random.float());
}

const attempt = (renewable: Renewable): Promise<Result<void>> =>
  renewable.renew().catch((error: unknown) => failed(asSkeinError(error)));
