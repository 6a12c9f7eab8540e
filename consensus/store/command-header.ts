// Whether an encoded command is one that this program knows, from its first bytes: asked of each that comes to a leader.

import { SkeinError } from '../../runtime/index.ts';
import { commandCodes, commandVersion } from './command.ts';

/** Of msgpack: an array of so few elements that their number stands in its first byte, and no value. */
const shortArray = 0x90;
const shortArrayMask = 0xf0;
const nil = 0xc0;
/** An array of three: session, sequence, lowest. */
const requestId = shortArray | 3;

/** Elements of each kind of command after version, kind and request id. */
const fields = { none: 0, transaction: 3, 'grant-lease': 2, 'end-lease': 1, compact: 1 } as const;
const lengths = new Map<number, number>(
  Object.entries(commandCodes).map(([type, code]) => [
    code,
    3 + fields[type as keyof typeof fields],
  ]),
);

/**
 * Why a command must not become an entry of the log: every replica that does not know it would have to stop, and with
 * them the zone. Undefined for one that is known. What follows the header is its sender's word.
 */
export function refuseCommand(bytes: Uint8Array): SkeinError | undefined {
  const [array = 0, version = -1, code = -1, id = 0] = bytes;
  if ((array & shortArrayMask) !== shortArray) return malformed();
  if (!(version >= 1 && version <= commandVersion)) return unknown('version', version);
  const length = lengths.get(code);
  if (length === undefined) return unknown('kind', code);
  const isWhole = array === (shortArray | length) && (id === nil || id === requestId);
  return isWhole ? undefined : malformed();
}

function unknown(what: string, value: number): SkeinError {
  return new SkeinError(
    'unsupported',
    `the leader of the zone knows no command of ${what} ${value}: update all peers of the zone first`,
    { reason: 'unknown-command' },
  );
}

function malformed(): SkeinError {
  return new SkeinError('invalid', 'what was handed to the leader of the zone is no command', {
    reason: 'malformed-command',
  });
}
