// Tables as the server lays them out, printed: which columns, with which namespace and labels.

import type { ApiObject } from '../watch.ts';
import { cellText, columnWidths, formatRow } from './table.ts';

/** meta/v1 Table. */
export interface ServerTable {
  readonly kind?: string;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly columnDefinitions?: readonly { readonly name: string; readonly priority?: number }[];
  readonly rows?: readonly { readonly cells: readonly unknown[]; readonly object?: ApiObject }[];
}

export const TABLE_TYPE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export interface TableStyle {
  readonly isWide: boolean;
  readonly withNamespace: boolean;
  readonly withLabels: boolean;
  readonly withHeader: boolean;
  /** `pod/` before names, when several kinds are printed. */
  readonly prefix: string;
}

const labelsText = (labels: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** Prints one table after another with the columns of the first, for `--watch`. */
export interface TablePrinter {
  readonly print: (table: ServerTable) => string;
}

/** Remembers columns, widths and whether the header was printed. */
export function createTablePrinter(style: TableStyle): TablePrinter {
  let columns: NonNullable<ServerTable['columnDefinitions']> = [];
  let widths: readonly number[] = [];
  let isHeaderDue = style.withHeader;

  const isShown = (index: number): boolean =>
    style.isWide || !((columns[index]?.priority ?? 0) > 0);
  const header = (): string[] => [
    ...(style.withNamespace ? ['NAMESPACE'] : []),
    ...columns.filter((_, index) => isShown(index)).map(({ name }) => name.toUpperCase()),
    ...(style.withLabels ? ['LABELS'] : []),
  ];
  const line = ({ cells, object }: NonNullable<ServerTable['rows']>[number]): string[] => [
    ...(style.withNamespace ? [cellText(object?.metadata?.namespace)] : []),
    ...cells
      .map((cell, index) => (index === 0 ? style.prefix : '') + cellText(cell))
      .filter((_, index) => isShown(index)),
    ...(style.withLabels ? [cellText(labelsText(object?.metadata?.labels))] : []),
  ];

  return {
    print: (table) => {
      if ((table.columnDefinitions ?? []).length > 0) columns = table.columnDefinitions!;
      const rows = (table.rows ?? []).map(line);
      if (rows.length === 0) return '';
      const lines = isHeaderDue ? [header(), ...rows] : rows;
      isHeaderDue = false;
      const needed = columnWidths(lines);
      widths = needed.map((width, index) => Math.max(width, widths[index] ?? 0));
      return lines.map((row) => `${formatRow(row, widths)}\n`).join('');
    },
  };
}
