// Which objects a list, watch or deletecollection means: by label, by field, by name.

import type { KubernetesObject, ObjectTypes, KindName } from '../../objects/kinds.ts';
import { matchesFields, parseFieldSelector } from '../../objects/field-selectors.ts';
import { matchesLabels, parseLabelSelector } from '../../objects/label-selectors.ts';
import type { Exchange } from '../exchange.ts';
import { selectorText } from '../request/parameters.ts';
import { badRequest } from '../status.ts';
import type { Matches } from '../watch/watch-events.ts';

export interface Selection {
  readonly matches: Matches;
  /** Whether every object of the kind in the namespace is meant. */
  readonly selectsAll: boolean;
}

/** Reads labelSelector and fieldSelector, and the name of a watch on one object. Throws 400. */
export function selectionOf({ request, route, definition }: Exchange): Selection {
  const labels = parseLabelSelector(selectorText(request.query, 'labelSelector'));
  if (!labels.ok) throw badRequest(labels.error.message);
  const fields = parseFieldSelector(definition, selectorText(request.query, 'fieldSelector'));
  if (!fields.ok) throw badRequest(fields.error.message);
  const byName = route.name;
  const selectsAll = labels.value.length === 0 && fields.value.length === 0 && byName === '';
  const matches = (object: KubernetesObject): boolean =>
    selectsAll ||
    ((byName === '' || object.metadata?.name === byName) &&
      matchesLabels(labels.value, object.metadata?.labels) &&
      matchesFields(definition, fields.value, object as ObjectTypes[KindName]));
  return { matches, selectsAll };
}
