// Brings one object to what its manifest says, as kubectl's client-side apply does.
//
//   GET --404--> POST (created)      the manifest is kept in an annotation, so that the next
//    └--found--> difference --none--> (unchanged)   apply knows what was removed since
//                    └--> PATCH strategic (configured) --409--> GET again

import type { Client } from '../client.ts';
import { isConflict, isNotFound, refused } from '../failure.ts';
import type { Resource, Resources } from '../resources.ts';
import { pathOf } from '../resources.ts';
import { withQuery } from '../watch.ts';
import { threeWayPatch } from './manifest-merge.ts';
import type { Manifest } from './manifests.ts';

/** Where kubectl keeps it too, so that both tools can apply the same object. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const MAX_TRIES = 5;

export type Outcome = 'created' | 'configured' | 'unchanged';

type Fields = Readonly<Record<string, unknown>>;

/** A manifest and where it belongs. */
export interface Placed {
  readonly manifest: Manifest;
  readonly resource: Resource;
  readonly namespace: string;
}

/** Finds the kind and the namespace of each. Refuses kinds that are not served and namespaces that contradict. */
export function placeManifests(
  manifests: readonly Manifest[],
  resources: Resources,
  namespace: string,
  isNamespaceGiven: boolean,
): readonly Placed[] {
  return manifests.map((manifest) => {
    const { apiVersion, kind, source } = manifest;
    const resource = resources.ofKind(apiVersion, kind);
    if (resource === undefined) {
      throw refused(
        `${source}: no kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)} is ` +
          'served here. Check apiVersion and kind.',
      );
    }
    if (!resource.namespaced) return { manifest, resource, namespace: '' };
    if (isNamespaceGiven && manifest.namespace !== '' && manifest.namespace !== namespace) {
      throw refused(
        `${source}: the namespace ${JSON.stringify(manifest.namespace)} does not match ` +
          `--namespace ${namespace}. Change one of them.`,
      );
    }
    return { manifest, resource, namespace: manifest.namespace || namespace };
  });
}

const metadataOf = (object: Fields): Fields => (object['metadata'] ?? {}) as Fields;
const annotationsOf = (object: Fields): Fields =>
  (metadataOf(object)['annotations'] ?? {}) as Fields;

/** Without what the server owns, and with its namespace. */
function settled({ manifest, namespace }: Placed): Fields {
  const { status: _, ...object } = manifest.object;
  const { annotations, ...metadata } = metadataOf(object);
  const { [LAST_APPLIED]: __, ...others } = (annotations ?? {}) as Fields;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(namespace === '' ? {} : { namespace }),
      annotations: others,
    },
  };
}

/** The manifest with itself in its annotations. */
function annotated(object: Fields): Fields {
  const text = `${JSON.stringify(object)}\n`;
  const annotations = { ...annotationsOf(object), [LAST_APPLIED]: text };
  return { ...object, metadata: { ...metadataOf(object), annotations } };
}

function lastApplied(live: Fields): Fields {
  const text = annotationsOf(live)[LAST_APPLIED];
  if (typeof text !== 'string') return {};
  try {
    return JSON.parse(text) as Fields;
  } catch {
    // Somebody wrote something else there: then nothing is known to have been removed.
    return {};
  }
}

/** Without resourceVersion, uid and status a manifest cannot contradict the live object by accident. */
function difference(wanted: Fields, live: Fields): Fields | undefined {
  const patch = threeWayPatch(annotated(lastApplied(live)), wanted, live);
  if (patch === undefined) return undefined;
  const { [LAST_APPLIED]: text, ...annotations } = annotationsOf(patch);
  const { annotations: _, ...metadata } = metadataOf(patch);
  const { metadata: __, ...others } = patch;
  const isOnlyRecord =
    text !== undefined &&
    Object.keys({ ...annotations, ...metadata, ...others }).length === 0 &&
    annotationsOf(live)[LAST_APPLIED] !== undefined &&
    sameManifest(annotationsOf(live)[LAST_APPLIED], annotationsOf(wanted)[LAST_APPLIED]);
  return isOnlyRecord ? undefined : patch;
}

/** kubectl and this program may write the same manifest with its keys in another order. */
function sameManifest(one: unknown, other: unknown): boolean {
  const ordered = (text: unknown): string => {
    try {
      return JSON.stringify(sorted(JSON.parse(String(text))));
    } catch {
      return String(text);
    }
  };
  return ordered(one) === ordered(other);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

async function read(client: Client, path: string): Promise<Fields | undefined> {
  try {
    return await client.json({ path });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export interface ApplyOptions {
  /** Ask the server to check, and to change nothing. */
  readonly isDryRun: boolean;
}

/** Applies one. Throws the API's refusal. */
export async function applyManifest(
  client: Client,
  placed: Placed,
  { isDryRun }: ApplyOptions,
): Promise<Outcome> {
  const { resource, namespace, manifest } = placed;
  const wanted = annotated(settled(placed));
  const query = { fieldValidation: 'Strict', dryRun: isDryRun ? 'All' : undefined };
  const path = pathOf(resource, namespace, manifest.name);
  for (let attempt = 1; ; attempt++) {
    const live = await read(client, path);
    try {
      if (live === undefined) {
        const collection = withQuery(pathOf(resource, namespace), query);
        await client.json({ method: 'POST', path: collection, body: wanted });
        return 'created';
      }
      const patch = difference(wanted, live);
      if (patch === undefined) return 'unchanged';
      await client.json({
        method: 'PATCH',
        path: withQuery(path, query),
        body: patch,
        contentType: 'application/strategic-merge-patch+json',
      });
      return 'configured';
    } catch (error) {
      if (!isConflict(error) || attempt === MAX_TRIES) throw error;
    }
  }
}
