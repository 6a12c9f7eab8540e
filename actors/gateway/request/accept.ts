// Which shape of an answer the client asks for: plain JSON, a Table, or metadata only.

import { notAcceptable } from '../status.ts';

/** The shape of objects in an answer. */
export type Shape = 'object' | 'table' | 'partial-metadata';

/** One offer of an Accept header. */
export interface MediaRange {
  readonly mediaType: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

/** Offers looked at; more are ignored. */
const MAX_RANGES = 32;

/** The offers of an Accept header, the most wanted first; no header accepts anything. */
export function parseAccept(header: string | undefined): readonly MediaRange[] {
  if (header === undefined || header.trim() === '') {
    return [{ mediaType: '*/*', parameters: {}, quality: 1 }];
  }
  const ranges = header.split(',', MAX_RANGES).map((offer): MediaRange => {
    const [mediaType = '', ...pairs] = offer.split(';').map((part) => part.trim());
    const parameters = Object.fromEntries(
      pairs.map((pair) => {
        const at = pair.indexOf('=');
        return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      }),
    ) as Record<string, string>;
    const quality = Number(parameters['q'] ?? '1');
    return {
      mediaType: mediaType.toLowerCase(),
      parameters,
      quality: Number.isFinite(quality) ? quality : 0,
    };
  });
  return ranges.filter((range) => range.quality > 0).sort((a, b) => b.quality - a.quality);
}

/** Whether JSON satisfies the offer. */
export const acceptsJson = (range: MediaRange): boolean =>
  ['application/json', '*/*', 'application/*'].includes(range.mediaType);

const isMetaV1 = (range: MediaRange): boolean =>
  range.parameters['g'] === 'meta.k8s.io' &&
  ['v1', 'v1beta1'].includes(range.parameters['v'] ?? '');

/**
 * The first offer this server can satisfy. Throws 406 when there is none. Protobuf is passed over:
 * clients that prefer it name JSON as well.
 */
export function shapeOf(header: string | undefined): Shape {
  for (const range of parseAccept(header)) {
    if (!acceptsJson(range)) continue;
    const as = range.parameters['as'] ?? '';
    if (as === '') return 'object';
    if (as === 'Table' && isMetaV1(range)) return 'table';
    if (['PartialObjectMetadata', 'PartialObjectMetadataList'].includes(as) && isMetaV1(range)) {
      return 'partial-metadata';
    }
  }
  throw notAcceptable('application/json');
}

/** Passes a request that could take plain JSON; 406 otherwise. */
export function requireJson(header: string | undefined): void {
  if (!parseAccept(header).some(acceptsJson)) throw notAcceptable('application/json');
}
