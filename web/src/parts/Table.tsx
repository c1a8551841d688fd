// A table that stays fast with thousands of rows: only the rows in sight exist.
//
// It is a real table: header cells sort and say so, rows carry their index among all, the region scrolls by keyboard.

import { memo, type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { type Order, sorted, visible } from "../model/table.ts";
import { useIsPrinted } from "./theme.ts";

export interface Column<R> {
  key: string;
  title: string;
  unit?: string;
  /** CSS width in pixels. */
  width: number;
  numeric?: boolean;
  value: (row: R) => string | number | null;
  show?: (row: R) => ReactNode;
}

export interface TableProps<R> {
  label: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  rowKey: (row: R) => string;
  /** A last row that stays in sight. */
  total?: R | null;
  initial: Order;
  empty: string;
}

const ROW = 36;

export function Table<R>({ label, columns, rows, rowKey, total, initial, empty }: TableProps<R>) {
  const [order, setOrder] = useState(initial);
  const [view, setView] = useState({ top: 0, height: 640 });
  const frame = useRef(0);
  const by = columns.find((column) => column.key === order.by) ?? columns[0];
  const lines = useMemo(
    () => (by === undefined ? rows : sorted(rows, by.value, order.descending)),
    [rows, by, order.descending],
  );
  const isPrinted = useIsPrinted();
  const [first, last] = isPrinted ? [0, lines.length] : visible(view.top, view.height, ROW, lines.length);

  const onScroll = useCallback((event: React.UIEvent<HTMLDivElement>) => {
    const { scrollTop, clientHeight } = event.currentTarget;
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => setView({ top: scrollTop, height: clientHeight }));
  }, []);

  function sortBy(column: Column<R>): void {
    const isSame = column.key === order.by;
    setOrder({ by: column.key, descending: isSame ? !order.descending : column.numeric === true });
  }

  if (rows.length === 0) return <p className="empty">{empty}</p>;
  return (
    <div className="table-place" role="region" aria-label={label} tabIndex={0} onScroll={onScroll}>
      <table aria-rowcount={lines.length + 1} style={{ minWidth: columns.reduce((sum, column) => sum + column.width, 0) }}>
        <caption className="unseen">{label}</caption>
        <colgroup>
          {columns.map((column, index) => (
            <col key={column.key} style={{ width: index === 0 ? `min(${column.width}px, 42vw)` : column.width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.key} column={column} order={order} onSort={() => sortBy(column)} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Gap height={first * ROW} columns={columns.length} />
          {lines.slice(first, last).map((row, index) => (
            <Line key={rowKey(row)} row={row} columns={columns as readonly Column<unknown>[]} index={first + index + 2} />
          ))}
          <Gap height={(lines.length - last) * ROW} columns={columns.length} />
        </tbody>
        {total != null && (
          <tfoot>
            <tr>
              {columns.map((column, index) => (
                <Cell key={column.key} column={column as Column<unknown>} row={total} isHead={index === 0} />
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

function Head<R>({ column, order, onSort }: { column: Column<R>; order: Order; onSort: () => void }) {
  const isOrder = column.key === order.by;
  const direction = order.descending ? "descending" : "ascending";
  return (
    <th scope="col" className={column.numeric ? "number" : undefined} aria-sort={isOrder ? direction : "none"}>
      <button type="button" onClick={onSort}>
        {column.title}
        {column.unit !== undefined && <span className="unit"> {column.unit}</span>}
        <span className="arrow" aria-hidden="true">
          {isOrder ? (order.descending ? "↓" : "↑") : ""}
        </span>
      </button>
    </th>
  );
}

function Gap({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true" className="gap" style={{ height }}>
      <td colSpan={columns} />
    </tr>
  );
}

interface LineProps {
  row: unknown;
  columns: readonly Column<unknown>[];
  index: number;
}

/** Drawn again only when its row is another value: most rows do not change in a second. */
const Line = memo(function Line({ row, columns, index }: LineProps) {
  return (
    <tr aria-rowindex={index} className={index % 2 === 0 ? "even" : undefined}>
      {columns.map((column, place) => (
        <Cell key={column.key} column={column} row={row} isHead={place === 0} />
      ))}
    </tr>
  );
});

function Cell({ column, row, isHead }: { column: Column<unknown>; row: unknown; isHead: boolean }) {
  const content = column.show === undefined ? (column.value(row) ?? "–") : column.show(row);
  if (isHead) return <th scope="row">{content}</th>;
  return <td className={column.numeric ? "number" : undefined}>{content}</td>;
}
