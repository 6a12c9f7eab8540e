// The parameters that operations take, by verb.

export interface Parameter {
  readonly in: 'query' | 'path';
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean';
}

const query = (type: Parameter['type'], ...names: readonly string[]): readonly Parameter[] =>
  names.map((name) => ({ in: 'query', name, type }));

export const pathParameter = (name: string): Parameter => ({ in: 'path', name, type: 'string' });

const SELECTION: readonly Parameter[] = [
  ...query('string', 'continue', 'fieldSelector', 'labelSelector'),
  ...query('integer', 'limit'),
  ...query('string', 'resourceVersion', 'resourceVersionMatch'),
  ...query('boolean', 'sendInitialEvents'),
  ...query('integer', 'timeoutSeconds'),
];

const DELETION: readonly Parameter[] = [
  ...query('string', 'dryRun'),
  ...query('integer', 'gracePeriodSeconds'),
  ...query('boolean', 'orphanDependents'),
  ...query('string', 'propagationPolicy'),
];

const WRITE = query('string', 'dryRun', 'fieldManager', 'fieldValidation');

const BY_ACTION: Readonly<Record<string, readonly Parameter[]>> = {
  list: [...query('boolean', 'allowWatchBookmarks'), ...SELECTION, ...query('boolean', 'watch')],
  post: WRITE,
  put: WRITE,
  patch: [...WRITE, ...query('boolean', 'force')],
  delete: DELETION,
  deletecollection: [...DELETION, ...SELECTION],
};

/** What an action takes in its query. */
export const parametersOf = (action: string): readonly Parameter[] => BY_ACTION[action] ?? [];

const BY_SUBRESOURCE: Readonly<Record<string, readonly Parameter[]>> = {
  log: [
    ...query('string', 'container'),
    ...query('boolean', 'follow', 'previous', 'timestamps'),
    ...query('integer', 'limitBytes', 'sinceSeconds', 'tailLines'),
  ],
  exec: [
    ...query('string', 'command', 'container'),
    ...query('boolean', 'stderr', 'stdin', 'stdout', 'tty'),
  ],
};

/** What a subresource that is no object takes in its query. */
export const streamParametersOf = (subresource: string): readonly Parameter[] =>
  BY_SUBRESOURCE[subresource] ?? [];

/** Every path takes it. */
export const PRETTY: Parameter = { in: 'query', name: 'pretty', type: 'string' };
