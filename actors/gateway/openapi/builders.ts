// Whole documents as bytes, put together from one path or definition after the other.

import type { GroupVersion } from '../discovery/catalog.ts';
import type { JsonObject } from '../request/body.ts';
import { contentsOf } from './contents.ts';
import type { Contents } from './contents.ts';
import { pathItemV2 } from './document-v2.ts';
import { pathItemV3 } from './document-v3.ts';
import { definitionBytes, headBytes, pathBytes } from './gnostic.ts';
import type { Path } from './operations.ts';
import type { Pace } from './pace.ts';

const TITLE = 'Kubernetes';

/** The members of a JSON object, without its braces. */
async function members<T>(
  entries: readonly T[],
  pace: Pace,
  member: (entry: T) => readonly [string, JsonObject],
): Promise<string> {
  const texts: string[] = [];
  for (const entry of entries) {
    const [name, value] = member(entry);
    texts.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
    await pace();
  }
  return texts.join(',');
}

const parts = async (
  { paths, definitions }: Contents,
  pathItem: (path: Path) => JsonObject,
  pace: Pace,
): Promise<{ readonly paths: string; readonly definitions: string }> => ({
  paths: await members(paths, pace, (path) => [path.path, pathItem(path)]),
  definitions: await members(definitions, pace, ({ name, make }) => [name, make()]),
});

const infoOf = (version: string): string => JSON.stringify({ title: TITLE, version });

/** OpenAPI v2 in JSON. */
export async function buildV2(
  catalog: readonly GroupVersion[],
  version: string,
  pace: Pace,
): Promise<Uint8Array> {
  const { paths, definitions } = await parts(contentsOf('v2', catalog), pathItemV2, pace);
  return Buffer.from(
    `{"swagger":"2.0","info":${infoOf(version)},"paths":{${paths}},"definitions":{${definitions}}}`,
  );
}

/** OpenAPI v2 in protobuf. */
export async function buildV2Protobuf(
  catalog: readonly GroupVersion[],
  version: string,
  pace: Pace,
): Promise<Uint8Array> {
  const { paths, definitions } = contentsOf('v2', catalog);
  const pieces = [headBytes(TITLE, version)];
  for (const path of paths) {
    pieces.push(pathBytes(path.path, pathItemV2(path)));
    await pace();
  }
  for (const { name, make } of definitions) {
    pieces.push(definitionBytes(name, make()));
    await pace();
  }
  return Buffer.concat(pieces);
}

/** OpenAPI v3 in JSON. */
export async function buildV3(
  catalog: readonly GroupVersion[],
  version: string,
  pace: Pace,
): Promise<Uint8Array> {
  const { paths, definitions } = await parts(contentsOf('v3', catalog), pathItemV3, pace);
  return Buffer.from(
    `{"openapi":"3.0.0","info":${infoOf(version)},"paths":{${paths}},"components":{"schemas":{${definitions}}}}`,
  );
}
