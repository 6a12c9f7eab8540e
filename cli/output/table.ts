// Rows in aligned columns, as wide as their widest cell.

const GAP = 3;

/** Cells as they print: absent ones as `<none>`. */
export const cellText = (cell: unknown): string => {
  if (cell === undefined || cell === null || cell === '') return '<none>';
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
};

/** Widths of the columns that hold all rows. */
export const columnWidths = (rows: readonly (readonly string[])[]): readonly number[] =>
  (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));

/** A line; the last column is not padded. */
export const formatRow = (row: readonly string[], widths: readonly number[]): string =>
  row
    .map((cell, column) =>
      column === row.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + GAP),
    )
    .join('')
    .trimEnd();

/** Lines with a line feed each; '' for no rows. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = columnWidths(rows);
  return rows.map((row) => `${formatRow(row, widths)}\n`).join('');
}
