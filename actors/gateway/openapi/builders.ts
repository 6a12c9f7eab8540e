// Whole documents, put together from one path or definition after the other.

import type { GroupVersion } from '../discovery/catalog.ts';
import type { JsonObject } from '../request/body.ts';
import type { Assembly, Document } from './assembly.ts';
import { createAssembly } from './assembly.ts';
import type { Contents } from './contents.ts';
import { contentsOf } from './contents.ts';
import { pathItemV2 } from './document-v2.ts';
import { pathItemV3 } from './document-v3.ts';
import { definitionBytes, headBytes, pathBytes } from './gnostic.ts';
import type { Path } from './operations.ts';
import type { Pace } from '../pace.ts';

const TITLE = 'Kubernetes';

/** Adds the members of a JSON object, without its braces. */
async function addMembers<T>(
  assembly: Assembly,
  entries: readonly T[],
  member: (entry: T) => readonly [string, JsonObject],
): Promise<void> {
  let comma = '';
  for (const entry of entries) {
    const [name, value] = member(entry);
    await assembly.add(`${comma}${JSON.stringify(name)}:${JSON.stringify(value)}`);
    comma = ',';
  }
}

const addPaths = (
  assembly: Assembly,
  { paths }: Contents,
  pathItem: (path: Path) => JsonObject,
): Promise<void> => addMembers(assembly, paths, (path) => [path.path, pathItem(path)]);

const addDefinitions = (assembly: Assembly, { definitions }: Contents): Promise<void> =>
  addMembers(assembly, definitions, ({ name, make }) => [name, make()]);

const infoOf = (version: string): string => JSON.stringify({ title: TITLE, version });

/** Makes a document of what is served. */
export type Build = (
  catalog: readonly GroupVersion[],
  version: string,
  pace: Pace,
) => Promise<Document>;

/** OpenAPI v2 in JSON. */
export const buildV2: Build = async (catalog, version, pace) => {
  const contents = await contentsOf('v2', catalog, pace);
  const assembly = createAssembly(pace);
  await assembly.add(`{"swagger":"2.0","info":${infoOf(version)},"paths":{`);
  await addPaths(assembly, contents, pathItemV2);
  await assembly.add('},"definitions":{');
  await addDefinitions(assembly, contents);
  await assembly.add('}}');
  return assembly.finish();
};

/** OpenAPI v2 in protobuf. */
export const buildV2Protobuf: Build = async (catalog, version, pace) => {
  const { paths, definitions } = await contentsOf('v2', catalog, pace);
  const assembly = createAssembly(pace);
  await assembly.add(headBytes(TITLE, version));
  for (const path of paths) await assembly.add(pathBytes(path.path, pathItemV2(path)));
  for (const { name, make } of definitions) await assembly.add(definitionBytes(name, make()));
  return assembly.finish();
};

/** OpenAPI v3 in JSON. */
export const buildV3: Build = async (catalog, version, pace) => {
  const contents = await contentsOf('v3', catalog, pace);
  const assembly = createAssembly(pace);
  await assembly.add(`{"openapi":"3.0.0","info":${infoOf(version)},"paths":{`);
  await addPaths(assembly, contents, pathItemV3);
  await assembly.add('},"components":{"schemas":{');
  await addDefinitions(assembly, contents);
  await assembly.add('}}}');
  return assembly.finish();
};
