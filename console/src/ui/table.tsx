/**
 * A table that stays quick with thousands of rows: only what is seen is drawn. Columns sort and can be left out; rows
 * are chosen by mouse (with Ctrl one more, with Shift all up to it) or by keyboard (arrows, with Shift taking along,
 * Space, Enter, Ctrl+A, Escape).
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  memo,
  useId,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
} from 'react'
import { t } from '../text/t.ts'

export interface Column<T> {
  id: string
  name: string
  /** CSS grid width: `150px`, `minmax(160px, 1fr)`. */
  width: string
  cell(item: T): ReactNode
  /** What it sorts by; absent: it does not. */
  sort?(item: T): string | number
  isNumber?: boolean
  /** Shown only when somebody asks for it. */
  isExtra?: boolean
}

export interface Order {
  column: string
  isDown: boolean
}

export interface TableProps<T> {
  /** What it is a table of, for those who hear it. */
  label: string
  items: readonly T[]
  columns: readonly Column<T>[]
  idOf(item: T): string
  nameOf(item: T): string
  order: Order | null
  onOrder(order: Order): void
  selected: ReadonlySet<string>
  onSelect(selected: ReadonlySet<string>): void
  onOpen?(item: T): void
  empty: ReactNode
}

const ROW_PX = 36
const CHECK_PX = 40
const OVERSCAN = 4

/** Head and rows must agree on it, or their columns would not lie beneath each other. */
export function widthOf(columns: readonly { width: string }[]): number {
  const least = ({ width }: { width: string }): number => Number(/(\d+)px/.exec(width)?.[1] ?? 0)
  return columns.reduce((sum, column) => sum + least(column), CHECK_PX)
}

export function ordered<T>(
  items: readonly T[],
  columns: readonly Column<T>[],
  order: Order | null,
): readonly T[] {
  const by = columns.find((column) => column.id === order?.column)?.sort
  if (!by || !order) return items
  const collator = new Intl.Collator('en', { numeric: true })
  const keyed = items.map((item) => ({ item, key: by(item) }))
  keyed.sort((a, b) =>
    typeof a.key === 'number' && typeof b.key === 'number'
      ? a.key - b.key
      : collator.compare(String(a.key), String(b.key)),
  )
  if (order.isDown) keyed.reverse()
  return keyed.map(({ item }) => item)
}

export function Table<T>(props: TableProps<T>) {
  const { items, columns, idOf, selected, onSelect, onOpen, label } = props
  const gridId = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const [cursor, setCursor] = useState(0)
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  })
  const width = useMemo(() => widthOf(columns), [columns])
  const template = useMemo(
    () => `40px ${columns.map((column) => column.width).join(' ')}`,
    [columns],
  )
  const toggle = (id: string): void => {
    const next = new Set(selected)
    if (!next.delete(id)) next.add(id)
    onSelect(next)
  }
  /** All between them, beside what is chosen. */
  const take = (from: number, to: number): void => {
    const between = items.slice(Math.min(from, to), Math.max(from, to) + 1)
    onSelect(new Set([...selected, ...between.map(idOf)]))
  }
  // Heard here for all rows: those that stay as they are keep what they were made with.
  const onPick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement
    if (target.closest('a, button')) return
    const index = Number(target.closest('[aria-rowindex]')?.getAttribute('aria-rowindex')) - 2
    const item = items[index]
    if (!item) return
    setCursor(index)
    if (event.shiftKey) take(cursor, index)
    else if (event.ctrlKey || event.metaKey || target instanceof HTMLInputElement)
      toggle(idOf(item))
    else onSelect(new Set([idOf(item)]))
  }
  const onKey = (event: KeyboardEvent): void => {
    const item = items[cursor]
    const to = STEPS[event.key]?.(cursor, items.length)
    if (to !== undefined) {
      if (event.shiftKey) take(cursor, to)
      setCursor(to)
      rows.scrollToIndex(to)
    } else if (event.target !== scroller.current) return
    else if (event.key === ' ' && item) toggle(idOf(item))
    else if (event.key === 'Enter' && item) onOpen?.(item)
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey))
      onSelect(new Set(items.map(idOf)))
    else if (event.key === 'Escape') onSelect(new Set())
    else return
    event.preventDefault()
  }
  const areAll =
    items.length > 0 &&
    selected.size >= items.length &&
    items.every((item) => selected.has(idOf(item)))
  const drawn = rows.getVirtualItems()
  return (
    <div
      className="grid"
      ref={scroller}
      tabIndex={0}
      role="grid"
      aria-label={label}
      aria-rowcount={items.length + 1}
      aria-multiselectable
      {...(drawn.some(({ index }) => index === cursor) && {
        'aria-activedescendant': `${gridId}${cursor}`,
      })}
      onKeyDown={onKey}
    >
      <div
        className="line head"
        role="row"
        style={{ gridTemplateColumns: template, minWidth: width }}
      >
        <span className="cell" role="columnheader">
          <input
            type="checkbox"
            aria-label={t('Select all')}
            checked={areAll}
            onChange={() => onSelect(areAll ? new Set() : new Set(items.map(idOf)))}
          />
        </span>
        {columns.map((column) => (
          <Head key={column.id} column={column} order={props.order} onOrder={props.onOrder} />
        ))}
      </div>
      {items.length === 0 && (
        <div role="row">
          <div role="gridcell">{props.empty}</div>
        </div>
      )}
      <div
        className="body"
        role="rowgroup"
        style={{ height: rows.getTotalSize(), minWidth: width, position: 'relative' }}
        onClick={onPick}
        // What is chosen with Shift is rows, not words.
        onMouseDown={(event) => event.shiftKey && event.preventDefault()}
      >
        {drawn.map(({ index, start }) => {
          const item = items[index]!
          const id = idOf(item)
          return (
            <Row
              // By place, not by item: another filter writes into the rows that are there instead of making new ones.
              key={index}
              item={item}
              gridId={gridId}
              name={props.nameOf(item)}
              index={index}
              top={start}
              columns={columns as readonly Column<unknown>[]}
              template={template}
              isSelected={selected.has(id)}
              isCursor={index === cursor}
            />
          )
        })}
      </div>
    </div>
  )
}

const STEPS: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at, count) => Math.min(count - 1, at + 1),
  ArrowUp: (at) => Math.max(0, at - 1),
  PageDown: (at, count) => Math.min(count - 1, at + 15),
  PageUp: (at) => Math.max(0, at - 15),
  Home: () => 0,
  End: (_at, count) => count - 1,
}

function Head<T>(props: { column: Column<T>; order: Order | null; onOrder(order: Order): void }) {
  const { column, order, onOrder } = props
  const isOrdered = order?.column === column.id
  const sorted = isOrdered ? (order.isDown ? 'descending' : 'ascending') : 'none'
  return (
    <span
      className={`cell ${column.isNumber ? 'number' : ''}`}
      role="columnheader"
      aria-sort={sorted}
    >
      {column.sort ? (
        <button
          type="button"
          onClick={() => onOrder({ column: column.id, isDown: isOrdered && !order.isDown })}
        >
          {column.name} {isOrdered ? (order.isDown ? '↓' : '↑') : ''}
        </button>
      ) : (
        column.name
      )}
    </span>
  )
}

interface RowProps {
  item: unknown
  gridId: string
  name: string
  index: number
  top: number
  columns: readonly Column<unknown>[]
  template: string
  isSelected: boolean
  isCursor: boolean
}

const Row = memo(
  function Row(props: RowProps) {
    const { item, gridId, name, index, top, columns, template, isSelected, isCursor } = props
    return (
      <div
        className={`line ${isCursor ? 'cursor' : ''}`}
        role="row"
        id={`${gridId}${index}`}
        aria-rowindex={index + 2}
        aria-selected={isSelected}
        style={{
          gridTemplateColumns: template,
          position: 'absolute',
          top: 0,
          left: 0,
          right: 0,
          transform: `translateY(${top}px)`,
        }}
      >
        <span className="cell" role="gridcell">
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label={t('Select {name}', { name })}
            checked={isSelected}
            readOnly
          />
        </span>
        {columns.map((column) => (
          <span
            key={column.id}
            className={`cell ${column.isNumber ? 'number' : ''}`}
            role="gridcell"
          >
            {column.cell(item)}
          </span>
        ))}
      </div>
    )
  },
  (a, b) =>
    a.item === b.item &&
    a.index === b.index &&
    a.top === b.top &&
    a.isSelected === b.isSelected &&
    a.isCursor === b.isCursor &&
    a.columns === b.columns,
)
