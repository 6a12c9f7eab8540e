// Kubernetes quantities, exactly: `100m`, `1.5Gi`, `2e3`. Kept as a whole number of billionths.

/** How a quantity was written, and so how it is written again. */
export type QuantityFormat = 'decimal' | 'binary' | 'exponent';

export interface Quantity {
  /** The amount times 10^9. Finer amounts are rounded away from zero. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

const NANOS = 1_000_000_000n;
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const;
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
/** The power of ten of the first decimal suffix. */
const SMALLEST_EXPONENT = -9;
/** Amounts beyond this (2^63 - 1) are taken as this, as Kubernetes does. */
const LARGEST = (2n ** 63n - 1n) * NANOS;
/** Longer texts are refused: no amount that anybody means needs so many digits. */
const TEXT_LIMIT = 64;
const EXPONENT_LIMIT = 100;

const PATTERN =
  /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)$/;

/** What a text that is no quantity is told. */
export const QUANTITY_PROBLEM =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** Undefined when the text is no quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = text.length > TEXT_LIMIT ? null : PATTERN.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', mark, power = '0', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;

  const digits = BigInt(whole + fraction) * NANOS;
  const scale = scaleOf(mark === undefined ? undefined : Number(power), suffix);
  if (scale === undefined) return undefined;
  const divisor = 10n ** BigInt(fraction.length) * scale.down;
  const nanos = roundUp(digits * scale.up, divisor);
  const capped = nanos > LARGEST ? LARGEST : nanos;
  return { nanos: sign === '-' ? -capped : capped, format: scale.format };
}

interface Scale {
  readonly up: bigint;
  readonly down: bigint;
  readonly format: QuantityFormat;
}

function scaleOf(exponent: number | undefined, suffix: string): Scale | undefined {
  if (exponent !== undefined) {
    if (Math.abs(exponent) > EXPONENT_LIMIT) return undefined;
    return { ...powerOfTen(exponent), format: 'exponent' };
  }
  const binary = BINARY_SUFFIXES.indexOf(suffix as (typeof BINARY_SUFFIXES)[number]);
  if (binary > 0) return { up: 1024n ** BigInt(binary), down: 1n, format: 'binary' };
  const decimal = DECIMAL_SUFFIXES.indexOf(suffix as (typeof DECIMAL_SUFFIXES)[number]);
  return { ...powerOfTen(SMALLEST_EXPONENT + 3 * decimal), format: 'decimal' };
}

const powerOfTen = (exponent: number): { up: bigint; down: bigint } =>
  exponent >= 0
    ? { up: 10n ** BigInt(exponent), down: 1n }
    : { up: 1n, down: 10n ** BigInt(-exponent) };

/** Of amounts that are not negative. */
const roundUp = (amount: bigint, divisor: bigint): bigint => (amount + divisor - 1n) / divisor;

/** The one text Kubernetes writes for this amount and format: `1000m` is `1`, `1024Mi` is `1Gi`. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  const small = nanos > -1024n * NANOS && nanos < 1024n * NANOS;
  if (format === 'binary' && !small && nanos % NANOS === 0n) {
    const [mantissa, steps] = reduced(nanos / NANOS, 1024n, BINARY_SUFFIXES.length - 1);
    return `${mantissa}${BINARY_SUFFIXES[steps]}`;
  }
  const [mantissa, steps] = reduced(nanos, 1000n, DECIMAL_SUFFIXES.length - 1);
  if (format !== 'exponent') return `${mantissa}${DECIMAL_SUFFIXES[steps]}`;
  const exponent = SMALLEST_EXPONENT + 3 * steps;
  return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
}

function reduced(amount: bigint, base: bigint, most: number): readonly [bigint, number] {
  let mantissa = amount;
  let steps = 0;
  while (steps < most && mantissa % base === 0n) {
    mantissa /= base;
    steps++;
  }
  return [mantissa, steps];
}

/** The canonical text; undefined when `text` is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  const parsed = parseQuantity(text);
  return parsed && formatQuantity(parsed);
}

/** Negative, zero or positive as `left` is less than, equal to or more than `right`. */
export const compareQuantities = (left: Quantity, right: Quantity): number =>
  left.nanos < right.nanos ? -1 : left.nanos > right.nanos ? 1 : 0;

/** In the format of `left`. */
export const addQuantities = (left: Quantity, right: Quantity): Quantity => ({
  nanos: left.nanos + right.nanos,
  format: left.nanos === 0n ? right.format : left.format,
});

/** In thousandths, rounded up; 0 for what is absent or no quantity. */
export const quantityMillis = (text: string | undefined): number => inUnitsOf(text, 1_000_000n);

/** In units, rounded up; 0 for what is absent or no quantity. */
export const quantityUnits = (text: string | undefined): number => inUnitsOf(text, NANOS);

function inUnitsOf(text: string | undefined, unit: bigint): number {
  const nanos = (text === undefined ? undefined : parseQuantity(text))?.nanos ?? 0n;
  return Number(nanos < 0n ? -(-nanos / unit) : roundUp(nanos, unit));
}

/** `250` thousandths as the quantity `250m`. */
export const millisQuantity = (millis: number): string =>
  formatQuantity({ nanos: BigInt(Math.round(millis)) * 1_000_000n, format: 'decimal' });

/** `1048576` bytes as the quantity `1Mi`. */
export const bytesQuantity = (bytes: number): string =>
  formatQuantity({ nanos: BigInt(Math.round(bytes)) * NANOS, format: 'binary' });
