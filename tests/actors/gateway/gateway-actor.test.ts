// The shell of the gateway: when its socket opens, changes certificate and closes.

import assert from 'node:assert/strict';
import type {
  GatewayActorOptions,
  GatewayMessage,
  ServerHandle,
} from '../../../actors/gateway/gateway-actor.ts';
import { gatewayActor } from '../../../actors/gateway/gateway-actor.ts';
import type { TlsMaterial } from '../../../actors/gateway/http/https-server.ts';
import type { ActorRef, Context, Result } from '../../../runtime/index.ts';
import { asSkeinError, failed, formatAddress, ok, SkeinError } from '../../../runtime/index.ts';
import { createTestClock, createTestLog, createTestRandom, settle } from './gateway-fixture.ts';

const TLS: TlsMaterial = { key: 'k1', certificate: 'c1', clientAuthority: 'a1' };
const NEWER: TlsMaterial = { key: 'k2', certificate: 'c2', clientAuthority: 'a1' };

const refTo = <M>(tell: (message: M) => void): ActorRef<M> => ({
  address: formatAddress({ peer: 'p', path: 'test' }),
  tell,
});

interface Stage {
  readonly log: string[];
  readonly errors: string[];
  readonly tell: (message: GatewayMessage) => void;
  readonly abort: () => void;
}

/** Runs the actor with messages handled at once. */
function stage(listen: GatewayActorOptions['listen'], log: string[]): Stage {
  const controller = new AbortController();
  const logger = createTestLog();
  const self = refTo<GatewayMessage>((message) => {
    state = gatewayActor.receive(state, message, ctx);
  });
  const ctx = {
    self,
    clock: createTestClock(),
    random: createTestRandom(),
    log: logger,
    stop: () => log.push('actor stopped'),
    run: <T>(
      effect: (signal: AbortSignal) => Promise<T>,
      toMessage: (outcome: Result<T>) => GatewayMessage,
    ): void => {
      effect(controller.signal)
        .then(
          (value) => ok(value),
          (error: unknown) => failed(asSkeinError(error)),
        )
        .then((outcome) => self.tell(toMessage(outcome)))
        .catch((error: unknown) => log.push(`threw: ${asSkeinError(error).message}`));
    },
  } as unknown as Context<GatewayMessage>;
  let state = gatewayActor.start(
    {
      listen,
      tls: TLS,
      onListening: (outcome) => log.push(outcome.ok ? `at ${outcome.value.port}` : 'cannot listen'),
    },
    ctx,
  );
  return { log, errors: logger.errors, tell: self.tell, abort: () => controller.abort() };
}

const handle = (log: string[]): ServerHandle => ({
  host: '127.0.0.1',
  port: 6443,
  replaceCertificate: ({ key }) => {
    if (key === 'bad') throw new SkeinError('invalid', 'bad key');
    log.push(`serves ${key}`);
  },
  close: async (graceMs) => void log.push(`closed with ${graceMs} ms`),
});

describe('the gateway actor', () => {
  let log: string[];

  beforeEach(() => {
    log = [];
  });

  it('says where it listens, replaces the certificate, and closes before it stops', async () => {
    const { tell } = stage(async () => handle(log), log);
    await settle();
    tell({ type: 'replace-certificate', tls: NEWER });
    const replyTo = refTo(() => log.push('told'));
    tell({ type: 'stop', graceMs: 100, replyTo });
    await settle();
    assert.deepEqual(log, ['at 6443', 'serves k2', 'closed with 100 ms', 'told', 'actor stopped']);
  });

  it('keeps a certificate that comes before the socket is open', async () => {
    const { tell } = stage(async () => handle(log), log);
    tell({ type: 'replace-certificate', tls: NEWER });
    await settle();
    assert.deepEqual(log, ['serves k2', 'at 6443']);
  });

  it('goes on with the old certificate when the new one is broken', async () => {
    const { tell, errors } = stage(async () => handle(log), log);
    await settle();
    tell({ type: 'replace-certificate', tls: { ...NEWER, key: 'bad' } });
    assert.deepEqual(log, ['at 6443']);
    assert.match(errors[0] ?? '', /bad key/);
  });

  it('says why it cannot listen, and fails', async () => {
    stage(() => Promise.reject(new SkeinError('unavailable', 'port taken')), log);
    await settle();
    assert.deepEqual(log, ['cannot listen', 'threw: port taken']);
  });

  it('closes a socket that opens after it was stopped', async () => {
    const { abort } = stage(async () => handle(log), log);
    abort();
    await settle();
    assert.ok(log.includes('closed with 0 ms'));
  });
});
