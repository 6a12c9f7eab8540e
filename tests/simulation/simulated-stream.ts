// Two ends of a byte stream over virtual time: in order, with back-pressure and half-close.

import { Duplex } from 'node:stream';

type Deliver = (act: () => void) => void;

/** `toNear` and `toFar` carry an act to the other side, in their own time. */
export function createSimulatedStreamPair(toNear: Deliver, toFar: Deliver): [Duplex, Duplex] {
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
