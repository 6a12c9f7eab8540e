// An actor message on the wire: one kind byte, then msgpackr of [path, message, refs].
//
// A link has two ends, so neither is named: a message is for the receiver, and a ref that begins with "/" is the sender's.
// Ids are long and messages short: this is a third of a small one.

import { RESERVE_START_SPACE } from 'msgpackr';
import {
  asSkeinError,
  extendMsgpack,
  failed,
  ok,
  packr,
  parseAddress,
  SkeinError,
  unpack,
} from '../../runtime/index.ts';
import type { ActorRef, Address, Result } from '../../runtime/index.ts';
import type { PeerId } from '../transport.ts';

/** First byte of a frame: an actor message in format version 2. Another version is another byte. */
export const ENVELOPE_V2 = 0x11;

/** The largest actor message, encoded: 8 MiB. What is larger goes over a byte stream. */
export const ENVELOPE_LIMIT_BYTES = 8 * 1024 * 1024;

/** Refs inside messages may be this deep; a hostile nesting ends here and not in a stack overflow. */
const MAX_DEPTH = 64;

/** Characters of an address: actors' names are short, and what is longer would only fill logs. */
const ADDRESS_LIMIT = 1_024;

/** What stands for an ActorRef on the wire. */
class RefOnWire {
  readonly address: string;
  constructor(address: string) {
    this.address = address;
  }
}

extendMsgpack({
  Class: RefOnWire,
  type: 0x52,
  pack: (ref: RefOnWire) => Buffer.from(ref.address, 'utf8'),
  unpack: (bytes: Uint8Array) => new RefOnWire(Buffer.from(bytes).toString('utf8')),
});

/** What addresses begin with. */
const SCHEME = 'skein://';

export interface Envelope {
  readonly to: Address;
  readonly message: unknown;
}

/** Who sends an envelope, and to whom. */
interface Ends {
  readonly from: PeerId;
  readonly to: PeerId;
}

/**
 * `to` leads to the peer that the frame is sent to. Errors: too-large; invalid when the message holds what cannot be
 * sent, such as a function.
 */
export function encodeEnvelope(self: PeerId, to: Address, message: unknown): Result<Uint8Array> {
  try {
    const own = `${SCHEME}${self}/`;
    let refs = 0;
    const plain = mapDeep(
      message,
      (value) => {
        if (!isRef(value)) return value;
        refs += 1;
        const { address } = value;
        return new RefOnWire(address.startsWith(own) ? address.slice(own.length - 1) : address);
      },
      0,
    );
    const path = to.slice(to.indexOf('/', SCHEME.length) + 1);
    // Packed behind a free byte, so that nothing has to be copied to make room for the first one.
    const frame = packr.pack([path, plain, refs], RESERVE_START_SPACE + 1);
    if (frame.length - 1 > ENVELOPE_LIMIT_BYTES) {
      return failed(
        new SkeinError(
          'too-large',
          `a message of ${frame.length - 1} bytes to ${to} is over the limit of ${ENVELOPE_LIMIT_BYTES}: send it over a stream`,
          { bytes: frame.length - 1 },
        ),
      );
    }
    frame[0] = ENVELOPE_V2;
    return ok(frame);
  } catch (error) {
    return failed(new SkeinError('invalid', `message to ${to} cannot be encoded`, {}, error));
  }
}

/** Undoes `encodeEnvelope`; `resolve` makes refs live. Errors: corrupt, unsupported, too-large. */
export function decodeEnvelope(
  ends: Ends,
  frame: Uint8Array,
  resolve: (address: Address) => ActorRef<never>,
): Result<Envelope> {
  if (frame[0] !== ENVELOPE_V2) {
    return failed(new SkeinError('unsupported', `message format ${frame[0]} is not known here`));
  }
  if (frame.length - 1 > ENVELOPE_LIMIT_BYTES) {
    return failed(new SkeinError('too-large', `a message of ${frame.length - 1} bytes`));
  }
  try {
    const body: unknown = unpack(frame.subarray(1));
    if (!Array.isArray(body) || body.length !== 3) throw new Error('not [path, message, refs]');
    const [path, message, refs] = body as [unknown, unknown, unknown];
    if (typeof path !== 'string') throw new Error('no path');
    const to = checkedAddress(`${SCHEME}${ends.to}/${path}`);
    if (refs === 0) return ok({ to, message });
    const toRef = (value: object): unknown =>
      value instanceof RefOnWire ? resolve(addressOnWire(ends.from, value.address)) : value;
    return ok({ to, message: mapDeep(message, toRef, 0) });
  } catch (error) {
    const cause = asSkeinError(error);
    return failed(new SkeinError('corrupt', `malformed message: ${cause.message}`, {}, error));
  }
}

function isRef(value: object): value is ActorRef<never> {
  const ref = value as Partial<ActorRef<never>>;
  return typeof ref.tell === 'function' && typeof ref.address === 'string';
}

/** Only plain objects and arrays can hold refs; bytes, dates, maps and sets are left as they are. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Copies only what leads to a ref, so that a message without refs is not copied at all. */
function mapDeep(value: unknown, leaf: (value: object) => unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const replaced = leaf(value);
  if (replaced !== value) return replaced;
  if (depth > MAX_DEPTH) throw new SkeinError('invalid', `nested deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const mapped = mapDeep(value[i], leaf, depth + 1);
      if (mapped === value[i]) continue;
      copy ??= [...(value as unknown[])];
      copy[i] = mapped;
    }
    return copy ?? value;
  }
  if (!isPlain(value)) return value;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[key];
    if (typeof field !== 'object' || field === null) continue;
    const mapped = mapDeep(field, leaf, depth + 1);
    if (mapped === field) continue;
    copy ??= { ...value };
    copy[key] = mapped;
  }
  return copy ?? value;
}

function addressOnWire(from: PeerId, text: string): Address {
  return checkedAddress(text.startsWith('/') ? `${SCHEME}${from}${text}` : text);
}

function checkedAddress(text: string): Address {
  if (text.length <= ADDRESS_LIMIT && parseAddress(text) !== undefined) return text as Address;
  throw new SkeinError('corrupt', `no address: ${text.slice(0, ADDRESS_LIMIT)}`);
}
