// Is this a PKCS #10 request? Its shape only: whether its signature holds is the signer's to find out.
//
//   SEQUENCE { SEQUENCE { INTEGER, SEQUENCE name, SEQUENCE key, [0] attributes }, SEQUENCE algorithm, BIT STRING }

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const SEQUENCE = 0x30;
const ATTRIBUTES = 0xa0;

const TRUNCATED = 'asn1: syntax error: sequence truncated';
const MISMATCH = "asn1: structure error: tags don't match";

/** What is wrong with the bytes (DER); undefined when nothing is. */
export function requestShapeProblem(der: Uint8Array): string | undefined {
  const outer = elementsOf(der);
  if (outer === undefined) return TRUNCATED;
  if (outer.length > 1) return 'x509: trailing data';
  if (!hasTags(outer, [SEQUENCE])) return MISMATCH;
  const parts = elementsOf(outer[0]!.content);
  if (parts === undefined) return TRUNCATED;
  if (!hasTags(parts, [SEQUENCE, SEQUENCE, BIT_STRING])) return MISMATCH;
  const info = elementsOf(parts[0]!.content);
  if (info === undefined) return TRUNCATED;
  return hasTags(info, [INTEGER, SEQUENCE, SEQUENCE, ATTRIBUTES]) ||
    hasTags(info, [INTEGER, SEQUENCE, SEQUENCE])
    ? undefined
    : MISMATCH;
}

const hasTags = (elements: readonly Element[], tags: readonly number[]): boolean =>
  elements.length === tags.length && elements.every(({ tag }, i) => tag === tags[i]);

/** The elements side by side in these bytes; undefined when one goes beyond their end. */
function elementsOf(bytes: Uint8Array): readonly Element[] | undefined {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const span = spanOf(bytes, at);
    if (span === undefined || span.end > bytes.length) return undefined;
    elements.push({ tag: bytes[at]!, content: bytes.subarray(span.begin, span.end) });
    at = span.end;
  }
  return elements;
}

/** Where the content of the element at `at` begins and ends. Lengths of more than four bytes are none. */
function spanOf(
  bytes: Uint8Array,
  at: number,
): { readonly begin: number; readonly end: number } | undefined {
  const first = bytes[at + 1];
  if (first === undefined) return undefined;
  if (first < 0x80) return { begin: at + 2, end: at + 2 + first };
  const count = first - 0x80;
  if (count < 1 || count > 4 || at + 2 + count > bytes.length) return undefined;
  const length = bytes.subarray(at + 2, at + 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  return { begin: at + 2 + count, end: at + 2 + count + length };
}
