// `skein get KIND [NAME]`: objects as the server's table, or as YAML, JSON or names.

import type { Client } from '../client.ts';
import type { Command, Invocation } from '../command.ts';
import { namespaceFlag, selectorFlag } from '../command.ts';
import { asFailure, EXIT, wrongUsage } from '../failure.ts';
import type { CommandFailure } from '../failure.ts';
import type { OutputFormat } from '../output/object-output.ts';
import { formatObjects, outputFormat } from '../output/object-output.ts';
import type { ServerTable, TablePrinter } from '../output/server-table.ts';
import { createTablePrinter, TABLE_TYPE } from '../output/server-table.ts';
import type { Resource, Target } from '../resources.ts';
import { fullName, groupVersion, pathOf, targetsOf } from '../resources.ts';
import type { ApiList, ApiObject } from '../watch.ts';
import { watchFrom, withQuery } from '../watch.ts';

/** Objects asked for at once; longer lists come in pages. */
const PAGE = 500;

interface Selection {
  readonly namespace: string;
  readonly labelSelector: string | undefined;
  readonly fieldSelector: string | undefined;
}

interface Page {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

/** The pages of a list, or the one object. */
async function* pages<T extends Page>(
  client: Client,
  { resource, name }: Target,
  { namespace, labelSelector, fieldSelector }: Selection,
  accept: string,
): AsyncGenerator<T> {
  const path = pathOf(resource, namespace, name);
  if (name !== '') {
    yield await client.json<T>({ path, accept });
    return;
  }
  let next: string | undefined;
  do {
    const query = { labelSelector, fieldSelector, limit: PAGE, continue: next };
    const page = await client.json<T>({ path: withQuery(path, query), accept });
    yield page;
    next = page.metadata?.continue;
  } while (next !== undefined && next !== '');
}

async function printObjects(
  invocation: Invocation,
  targets: readonly Target[],
  selection: Selection,
  format: 'json' | 'yaml' | 'name',
): Promise<readonly CommandFailure[]> {
  const { client } = await invocation.session();
  const found: { resource: Resource; object: ApiObject }[] = [];
  const failures: CommandFailure[] = [];
  for (const target of targets) {
    const { resource, name } = target;
    const typed = { apiVersion: groupVersion(resource), kind: resource.kind };
    try {
      const all = pages<ApiObject & ApiList>(client, target, selection, 'application/json');
      for await (const page of all) {
        const objects = name === '' ? page.items : [page];
        found.push(...objects.map((object) => ({ resource, object: { ...typed, ...object } })));
      }
    } catch (error) {
      failures.push(softFailure(error, targets));
    }
  }
  const isOne = targets.length === 1 && targets[0]!.name !== '';
  if (found.length > 0 || !isOne) {
    invocation.terminal.out(formatObjects(found, format, isOne));
  }
  return failures;
}

/** Of several targets one may fail and the others are still shown. */
function softFailure(error: unknown, targets: readonly Target[]): CommandFailure {
  const failure = asFailure(error);
  if (failure.exitCode === EXIT.unreachable || targets.length === 1) throw failure;
  return failure;
}

const styleOf = ({ args }: Invocation, format: OutputFormat, target: Target, several: boolean) => ({
  isWide: format === 'wide',
  withNamespace: args.isSet('all-namespaces') === true && target.resource.namespaced,
  withLabels: args.isSet('show-labels') === true,
  withHeader: args.isSet('no-headers') !== true,
  prefix: several ? fullName(target.resource, '') : '',
});

async function printTables(
  invocation: Invocation,
  targets: readonly Target[],
  selection: Selection,
  format: OutputFormat,
): Promise<readonly CommandFailure[]> {
  const { client } = await invocation.session();
  const kinds = new Set(targets.map(({ resource }) => resource));
  const failures: CommandFailure[] = [];
  const printers = new Map<Resource, TablePrinter>();
  let printed = 0;
  for (const target of targets) {
    const isNew = !printers.has(target.resource);
    const printer =
      printers.get(target.resource) ??
      createTablePrinter(styleOf(invocation, format, target, kinds.size > 1));
    printers.set(target.resource, printer);
    try {
      for await (const table of pages<ServerTable>(client, target, selection, TABLE_TYPE)) {
        const text = printer.print(table);
        if (text !== '' && isNew && printed > 0) invocation.terminal.out('\n');
        if (text !== '') printed++;
        invocation.terminal.out(text);
      }
    } catch (error) {
      failures.push(softFailure(error, targets));
    }
  }
  if (printed === 0 && failures.length === 0) {
    const where = [...kinds].some(({ namespaced }) => namespaced) ? selection.namespace : '';
    const words = where === '' ? 'No resources found' : `No resources found in ${where} namespace.`;
    invocation.terminal.err(`${words}\n`);
  }
  return failures;
}

async function follow(
  invocation: Invocation,
  target: Target,
  selection: Selection,
  format: OutputFormat,
): Promise<void> {
  const { client } = await invocation.session();
  const { terminal } = invocation;
  const printer = createTablePrinter(styleOf(invocation, format, target, false));
  const isTable = format === 'table' || format === 'wide';
  const accept = isTable ? TABLE_TYPE : 'application/json';
  const { labelSelector } = selection;
  const fieldSelector =
    target.name === '' ? selection.fieldSelector : `metadata.name=${target.name}`;
  const path = pathOf(target.resource, selection.namespace);
  const show = (object: ApiObject): void => {
    const { resource } = target;
    terminal.out(
      isTable ? printer.print(object) : formatObjects([{ resource, object }], format, true),
    );
  };
  const query = { labelSelector, fieldSelector };
  const list = await client.json<ApiList & ApiObject>({ path: withQuery(path, query), accept });
  if (isTable) show(list);
  else for (const object of list.items) show(object);
  const events = watchFrom(
    client,
    (resourceVersion) =>
      withQuery(path, { ...query, resourceVersion, watch: true, allowWatchBookmarks: true }),
    accept,
    list.metadata?.resourceVersion ?? '',
    terminal.interrupted,
  );
  for await (const { object } of events) show(object);
}

export const getCommand: Command = {
  name: 'get',
  summary: 'Show objects: pods, deployments, services, nodes, all …',
  usage: 'KIND [NAME…] | KIND/NAME…',
  flags: {
    ...namespaceFlag,
    'all-namespaces': { short: 'A', help: 'objects of all namespaces' },
    ...selectorFlag,
    'field-selector': {
      value: 'SELECTOR',
      help: 'only objects with these fields: status.phase=Running',
    },
    output: { short: 'o', value: 'FORMAT', help: 'wide, json, yaml or name' },
    watch: { short: 'w', help: 'go on showing changes until Ctrl-C' },
    'show-labels': { help: 'a column with the labels' },
    'no-headers': { help: 'no line with the names of the columns' },
  },
  asksPeer: true,
  examples: ['skein get pods -o wide', 'skein get deploy,svc -A', 'skein get pod/web-0 -o yaml'],
  run: async (invocation) => {
    const { args } = invocation;
    const format = outputFormat(args.text('output'), 'get');
    const session = await invocation.session();
    const targets = targetsOf(await session.resources(), args.positionals, 'get');
    const isEverywhere = args.isSet('all-namespaces') === true;
    if (isEverywhere && targets.some(({ name, resource }) => name !== '' && resource.namespaced)) {
      throw wrongUsage('A name is unique in one namespace only: leave out -A or the name.', 'get');
    }
    const selection: Selection = {
      namespace: isEverywhere ? '' : session.namespace,
      labelSelector: args.text('selector'),
      fieldSelector: args.text('field-selector'),
    };
    if (args.isSet('watch') === true) {
      if (targets.length !== 1) throw wrongUsage('--watch follows one kind or object.', 'get');
      await follow(invocation, targets[0]!, selection, format);
      return EXIT.done;
    }
    const isTable = format === 'table' || format === 'wide';
    const failures = isTable
      ? await printTables(invocation, targets, selection, format)
      : await printObjects(invocation, targets, selection, format);
    for (const { message } of failures) invocation.terminal.err(`${message}\n`);
    return failures[0]?.exitCode ?? EXIT.done;
  },
};
