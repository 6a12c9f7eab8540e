// Two ends of a byte stream over virtual time: in order, with back-pressure and half-close.

import { Duplex } from 'node:stream';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { PeerId, Transport } from '../../mesh/index.ts';
import type { NetworkCore, SimulatedTransport } from './network-core.ts';

type Deliver = (act: () => void) => void;

/** `toNear` and `toFar` carry an act to the other side, in their own time. */
function createSimulatedStreamPair(toNear: Deliver, toFar: Deliver): [Duplex, Duplex] {
  const near: Duplex = createEnd(() => far, inOrder(toFar));
  const far: Duplex = createEnd(() => near, inOrder(toNear));
  return [near, far];
}

/** A fast act waits for the slow one before it: bytes never overtake each other. */
function inOrder(deliver: Deliver): Deliver {
  const waiting: { act: () => void; isDue: boolean }[] = [];
  return (act) => {
    const item = { act, isDue: false };
    waiting.push(item);
    deliver(() => {
      item.isDue = true;
      while (waiting[0]?.isDue === true) waiting.shift()!.act();
    });
  };
}

/** The reader's appetite, kept beside each end: the writer of the other end waits for it. */
const appetites = new WeakMap<Duplex, { resume: (() => void) | undefined }>();

function createEnd(peer: () => Duplex, deliver: Deliver): Duplex {
  const end = new Duplex({
    allowHalfOpen: true,
    read() {
      const appetite = appetites.get(end)!;
      const resume = appetite.resume;
      appetite.resume = undefined;
      resume?.();
    },
    write(chunk: Buffer, _encoding, done) {
      deliver(() => {
        const other = peer();
        if (other.destroyed || other.push(chunk)) done();
        else appetites.get(other)!.resume = done;
      });
    },
    final(done) {
      deliver(() => {
        const other = peer();
        if (!other.destroyed) other.push(null);
        done();
      });
    },
    destroy(error, done) {
      if (error !== null)
        deliver(() => peer().destroy(new Error('stream reset by the other side')));
      done(error);
    },
  });
  appetites.set(end, { resume: undefined });
  return end;
}

/** Opens a byte stream between two linked peers; the header crosses as a copy. */
export async function openSimulatedStream(
  core: NetworkCore,
  from: SimulatedTransport,
  to: PeerId,
  protocol: string,
  header: unknown,
): ReturnType<Transport['open']> {
  if (!core.isLinked(from.self, to)) {
    return failed(new SkeinError('unavailable', `no link to peer ${to} right now`));
  }
  return await new Promise((resolve) => {
    const delayMs = core.latency(from.self, to);
    const accept = (): void => {
      const target = core.find(to);
      if (target === undefined || !core.canMeet(from.self, to)) {
        resolve(failed(new SkeinError('unavailable', `peer ${to} cannot be reached`)));
        return;
      }
      const [near, far] = createSimulatedStreamPair(
        (act) => from.host.schedule(core.latency(to, from.self), act),
        (act) => target.host.schedule(core.latency(from.self, to), act),
      );
      from.ownStream(to, near);
      target.ownStream(from.self, far);
      target.accept(from.self, protocol, structuredClone(header), far);
      resolve(ok(near));
    };
    core.simulation.schedule(delayMs, accept);
  });
}
