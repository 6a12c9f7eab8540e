// What a frame of the mesh is about, read off its first bytes: for counting, without decoding it.

export const frameKinds = ['probes', 'membership', 'facts', 'hints', 'other'] as const;
export type FrameKind = (typeof frameKinds)[number];

/** The kind byte of a frame, then `{type: …` in msgpack: a map's head of 3 bytes, the text "type", the head of a text. */
const KEY_AT = 4;
const TYPE_AT = KEY_AT + 5;
const TYPE_KEY = [0xa4, 0x74, 0x79, 0x70, 0x65];

/** Messages that only ask who is there; what news they carry is counted with them. */
const probes = new Set(['ping', 'ack', 'nack', 'ping-request']);

const kindOfType = new Map<string, FrameKind>();

export function kindOf(frame: Uint8Array): FrameKind {
  const type = typeOf(frame);
  if (type === undefined) return 'other';
  let kind = kindOfType.get(type);
  if (kind === undefined) {
    kind = probes.has(type) ? 'probes' : type.startsWith('facts') ? 'facts' : 'membership';
    kindOfType.set(type, kind);
  }
  return kind;
}

/** The `type` of a gossip message, when it is one. */
export function typeOf(frame: Uint8Array): string | undefined {
  if (frame.length <= TYPE_AT + 1 || !TYPE_KEY.every((byte, i) => frame[KEY_AT + i] === byte)) {
    return undefined;
  }
  const head = frame[TYPE_AT]!;
  if (head < 0xa0 || head > 0xbf) return undefined;
  let type = '';
  for (let i = 0; i < head - 0xa0; i++) type += String.fromCharCode(frame[TYPE_AT + 1 + i]!);
  return type;
}
