// What the two ends of a link say about the link itself, on its control lane: is it alive, and may it end. Pure.
//
//   echo(n) ------> | <------ reply(n)          silence for long means that the link is dead, whatever TCP believes
//   may-end(ms) --> | <------ ended             both have not used it for so long: it ends in order, nobody died
//                   | (no answer)               the other side has use for it

/** First byte of such a frame, in this format. Far from the bytes of gossip and envelopes. */
const LINK_WORD_V1 = 0xf0;

const FRAME_BYTES = 6;

const TYPES = ['echo', 'reply', 'may-end', 'ended'] as const;

export interface LinkWord {
  readonly type: (typeof TYPES)[number];
  /** Which echo, or for how many milliseconds the link was not used; 0 with `ended`. Below 2^32. */
  readonly value: number;
}

export function encodeLinkWord({ type, value }: LinkWord): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES);
  frame[0] = LINK_WORD_V1;
  frame[1] = TYPES.indexOf(type);
  new DataView(frame.buffer).setUint32(2, value);
  return frame;
}

/** Undefined for every other frame of the control lane, and for words of a later program. */
export function decodeLinkWord(frame: Uint8Array): LinkWord | undefined {
  if (!isLinkWord(frame) || frame.length !== FRAME_BYTES) return undefined;
  const type = TYPES[frame[1]!];
  if (type === undefined) return undefined;
  return { type, value: new DataView(frame.buffer, frame.byteOffset).getUint32(2) };
}

export const isLinkWord = (frame: Uint8Array): boolean => frame[0] === LINK_WORD_V1;
