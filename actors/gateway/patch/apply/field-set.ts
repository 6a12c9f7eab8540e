// Sets of the fields of an object: a tree of path elements, written as Kubernetes' FieldsV1 writes them.
//
//   element   f:NAME a field or map key, k:{JSON} an item by its keys, v:JSON an item by its value, i:N by its place
//   member    the path that ends here is in the set; FieldsV1 says so with "." where there is more below

/** Immutable; parts are shared freely. */
export interface FieldSet {
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

/** FieldsV1 as JSON. */
export interface FieldsV1 {
  readonly [element: string]: FieldsV1;
}

/** Deepest path; no object of the API comes near. */
const MAX_DEPTH = 64;

const NO_CHILDREN: ReadonlyMap<string, FieldSet> = new Map();

export const EMPTY: FieldSet = { member: false, children: NO_CHILDREN };

/** The set of the empty path: what a leaf is below its parent. */
export const LEAF: FieldSet = { member: true, children: NO_CHILDREN };

export const isEmpty = (set: FieldSet): boolean => !set.member && set.children.size === 0;

/** A set without empty branches. */
export function fieldSet(member: boolean, children: ReadonlyMap<string, FieldSet>): FieldSet {
  if (children.size > 0) return { member, children };
  return member ? LEAF : EMPTY;
}

/** What is in either. */
export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(left) || left === right) return right;
  if (isEmpty(right)) return left;
  const children = new Map(left.children);
  for (const [element, child] of right.children) {
    const mine = children.get(element);
    children.set(element, mine === undefined ? child : union(mine, child));
  }
  return fieldSet(left.member || right.member, children);
}

/** What is in `left` and not, as the same path, in `right`; paths below a removed one stay. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(left) || isEmpty(right)) return left;
  if (left === right) return EMPTY;
  const children = new Map<string, FieldSet>();
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    const rest = other === undefined ? child : difference(child, other);
    if (!isEmpty(rest)) children.set(element, rest);
  }
  return fieldSet(left.member && !right.member, children);
}

/** What is in both. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right) return left;
  const children = new Map<string, FieldSet>();
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    const shared = other === undefined ? EMPTY : intersection(child, other);
    if (!isEmpty(shared)) children.set(element, shared);
  }
  return fieldSet(left.member && right.member, children);
}

export function equalSets(left: FieldSet, right: FieldSet): boolean {
  if (left === right) return true;
  if (left.member !== right.member || left.children.size !== right.children.size) return false;
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    if (other === undefined || !equalSets(child, other)) return false;
  }
  return true;
}

/** Adds paths one by one; for those who find them on a walk. */
export interface FieldSetDraft {
  readonly insert: (path: readonly string[]) => void;
  readonly done: () => FieldSet;
}

export function draftFieldSet(): FieldSetDraft {
  interface Draft {
    member: boolean;
    readonly children: Map<string, Draft>;
  }
  const root: Draft = { member: false, children: new Map() };
  return {
    insert: (path) => {
      let at = root;
      for (const element of path) {
        const known = at.children.get(element);
        const next = known ?? { member: false, children: new Map<string, Draft>() };
        if (known === undefined) at.children.set(element, next);
        at = next;
      }
      at.member = true;
    },
    done: () => root,
  };
}

/** Every path of the set, in the order of FieldsV1. */
export function pathsOf(set: FieldSet): string[][] {
  const below = sortedChildren(set).flatMap(([element, child]) =>
    pathsOf(child).map((path) => [element, ...path]),
  );
  return set.member ? [[], ...below] : below;
}

/** Fields come before keys, values and places. */
const RANK = 'fkvi';

const sortedChildren = ({ children }: FieldSet): (readonly [string, FieldSet])[] =>
  [...children].sort(([left], [right]) => {
    const rank = RANK.indexOf(left[0]!) - RANK.indexOf(right[0]!);
    if (rank !== 0) return rank;
    return left < right ? -1 : 1;
  });

export function toFieldsV1(set: FieldSet): FieldsV1 {
  const fields: Record<string, FieldsV1> = {};
  if (set.member && set.children.size > 0) fields['.'] = {};
  for (const [element, child] of sortedChildren(set)) fields[element] = toFieldsV1(child);
  return fields;
}

/** Undefined for what is no FieldsV1. */
export function fromFieldsV1(fields: unknown): FieldSet | undefined {
  return read(fields, 0, false);
}

function read(fields: unknown, depth: number, mayEnd: boolean): FieldSet | undefined {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
  if (depth > MAX_DEPTH) return undefined;
  const entries = Object.entries(fields);
  if (entries.length === 0) return mayEnd ? LEAF : EMPTY;
  let member = false;
  const children = new Map<string, FieldSet>();
  for (const [key, inner] of entries) {
    if (key === '.') {
      member = true;
      continue;
    }
    const element = canonicalElement(key);
    const child = read(inner, depth + 1, true);
    if (element === undefined || child === undefined) return undefined;
    const known = children.get(element);
    children.set(element, known === undefined ? child : union(known, child));
  }
  return fieldSet(member, children);
}

/** The one spelling of an element; undefined for none. */
function canonicalElement(key: string): string | undefined {
  const rest = key.slice(2);
  switch (key.slice(0, 2)) {
    case 'f:':
      return key;
    case 'i:':
      return /^\d{1,9}$/.test(rest) ? key : undefined;
    case 'k:': {
      const keys = parsed(rest);
      if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) return undefined;
      return keyElement(Object.entries(keys));
    }
    case 'v:': {
      const value = parsed(rest);
      return value === undefined ? undefined : valueElement(value);
    }
    default:
      return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const fieldElement = (name: string): string => `f:${name}`;

export const valueElement = (value: unknown): string => `v:${JSON.stringify(value)}`;

/** An item of a list by the fields that tell its items apart. */
export function keyElement(keys: readonly (readonly [string, unknown])[]): string {
  const sorted = keys.length < 2 ? keys : [...keys].sort(([a], [b]) => (a < b ? -1 : 1));
  const said = sorted.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `k:{${said.join()}}`;
}

/** A path as people read it: `.spec.containers[name="web"].image`. */
export const pathText = (path: readonly string[]): string => path.map(elementText).join('');

export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'k': {
      const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}
