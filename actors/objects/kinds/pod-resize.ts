// pods/resize: other CPU and memory for the containers of a pod, and nothing else.

import type { Container, Pod } from 'kubernetes-types/core/v1.d.ts';
import { forbidden, invalid } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { sameValue } from '../field-rules.ts';
import type { PartStrategy } from '../kind-definition.ts';
import { qosClassOf } from '../pod-status.ts';

const RESIZABLE: ReadonlySet<string> = new Set(['cpu', 'memory']);

type Resources = NonNullable<Container['resources']>;

/** The old container with the given one's resources; the order and the names are checked by the rules of updates. */
const resized = (
  old: readonly Container[] | undefined,
  given: readonly Container[] | undefined,
): Container[] | undefined =>
  old?.map((container) => {
    const same = given?.find(({ name }) => name === container.name);
    if (same === undefined) return container;
    const { resources, resizePolicy } = same as Container & { readonly resizePolicy?: unknown };
    return {
      ...container,
      ...(resources === undefined ? {} : { resources }),
      ...(resizePolicy === undefined ? {} : { resizePolicy }),
    };
  });

/** The old pod with the given one's resources. */
export const resizePart: PartStrategy<'Pod'> = {
  take: (given, old) => {
    const containers = resized(old.spec?.containers, given.spec?.containers) ?? [];
    const initContainers = resized(old.spec?.initContainers, given.spec?.initContainers);
    return {
      ...old,
      spec: {
        ...old.spec,
        containers,
        ...(initContainers === undefined ? {} : { initContainers }),
      },
    };
  },
  validate: validateResize,
};

function validateResize(next: Readonly<Pod>, old: Readonly<Pod>): readonly FieldError[] {
  if (sameValue(next.spec, old.spec)) return [];
  const errors: FieldError[] = [];
  // The room of a bound pod is promised on its node's allocation record, which only binding and release write.
  if ((old.spec?.nodeName ?? '') !== '') {
    errors.push(forbidden('spec', 'Pod running on node without support for resize'));
  }
  const [now, was] = [qosClassOf(next), qosClassOf(old)];
  if (now !== was) {
    const detail = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalid('spec', now, detail));
  }
  const fixed = (pod: Readonly<Pod>): unknown =>
    [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map(({ resources }) =>
      withoutResizable(resources),
    );
  if (!sameValue(fixed(next), fixed(old))) {
    errors.push(forbidden('spec', 'only cpu and memory resources are mutable'));
  }
  return errors;
}

function withoutResizable(resources: Resources | undefined): unknown {
  const others = (amounts: Readonly<Record<string, string>> | undefined): unknown =>
    Object.fromEntries(Object.entries(amounts ?? {}).filter(([name]) => !RESIZABLE.has(name)));
  return { ...resources, limits: others(resources?.limits), requests: others(resources?.requests) };
}
