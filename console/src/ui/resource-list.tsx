/**
 * The page of one kind of resource: filter, columns, order, selection, actions, live. Everything that lists uses this;
 * what differs is data. The filter lives in the address, so that a view can be sent to somebody.
 */
import {
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
  type CSSProperties,
  type ReactNode,
} from 'react'
import { useSearchParams } from 'react-router'
import { wordsOf } from '../aws/clients.ts'
import { useCollection, type Collection } from '../aws/collection.ts'
import { plural, t } from '../text/t.ts'
import { createFilter, tokenParse, tokenText, type Property, type Token } from '../util/filter.ts'
import { remember, remembered, rememberedSet } from '../util/remember.ts'
import { ColumnsButton } from './columns-button.tsx'
import { FilterBox, TokenChips } from './filter-box.tsx'
import { Note, PageHead } from './parts.tsx'
import { ordered, Table, type Column, type Order } from './table.tsx'

export interface ResourceListProps<T extends object> {
  title: string
  subtitle?: ReactNode
  collection: Collection<T>
  /** Stable: made outside of the component. */
  columns: readonly Column<T>[]
  properties: readonly Property<T>[]
  nameOf(item: T): string
  placeholder: string
  order: Order
  onOpen?(item: T): void
  /** Buttons and menus for what is chosen. */
  actions?(chosen: readonly T[]): ReactNode
  /** What is shown of the one that is chosen. */
  detail?(item: T): ReactNode
  /** When there is nothing at all. */
  empty: ReactNode
  /** A view of part of it. */
  only?(item: T): boolean
}

export function ResourceList<T extends object>(props: ResourceListProps<T>) {
  const { collection, columns, properties, title } = props
  const { data, error, isFetching } = useCollection(collection)
  const [query, setQuery] = useSearchParams()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [order, setOrder] = useState<Order>(() => remembered(`order.${title}`, props.order))
  const [hidden, setHidden] = useState(() => hiddenAtFirst(title, columns))
  const [text, setText] = useState(query.get('q') ?? '')
  const filter = useMemo(() => createFilter(properties), [properties])
  const tokens = useMemo(
    () => query.getAll('f').map((word) => tokenParse(word, properties)),
    [query, properties],
  )
  const all = useMemo(
    () => (props.only && data ? data.filter(props.only) : (data ?? [])),
    [data, props.only],
  )
  const isNarrow = useNarrow()
  const shown = useMemo(() => {
    const wanted = columns.filter(({ id }) => !hidden.has(id))
    return isNarrow ? stateFirst(wanted) : wanted
  }, [columns, hidden, isNarrow])
  const sorted = useMemo(() => ordered(all, columns, order), [all, columns, order])
  const items = useMemo(
    () => filter.apply(sorted, tokens, useless(text)),
    [filter, sorted, tokens, text],
  )
  const chosen = useMemo(
    () => (selected.size === 0 ? [] : items.filter((item) => selected.has(collection.idOf(item)))),
    [items, selected, collection],
  )
  const onFilter = (next: { tokens: readonly Token[]; text: string }): void => {
    setText(next.text)
    if (next.tokens !== tokens) writeTokens(next.tokens)
  }
  const writeTokens = (next: readonly Token[]): void => {
    setQuery(
      (before) => {
        const params = new URLSearchParams(before)
        params.delete('f')
        for (const token of next) params.append('f', tokenText(token))
        return params
      },
      { replace: true },
    )
  }
  useEffect(
    () => prepareWhenIdle((from, isTime) => filter.prepare(all, from, isTime), all.length),
    [filter, all],
  )
  useEffect(() => {
    document.title = `${title} · Brume`
  }, [title])
  return (
    <div className="inner full">
      <PageHead
        title={
          <>
            {title}{' '}
            <span className="muted" style={{ fontWeight: 400 }}>
              ({counts(items.length, all.length)})
            </span>
          </>
        }
        subtitle={props.subtitle}
        actions={props.actions?.(chosen)}
      />
      {error && <Note tone="bad">{wordsOf(error)}</Note>}
      <div className="card table-card" style={{ '--rows': items.length } as CSSProperties}>
        <div className="toolbar">
          <FilterBox
            properties={properties as readonly Property<never>[]}
            valuesOf={(property, most) => filter.valuesOf(all, property, most)}
            tokens={tokens}
            text={text}
            placeholder={props.placeholder}
            onChange={onFilter}
          />
          <ColumnsButton
            columns={columns}
            hidden={hidden}
            onChange={(next) => setHidden(rememberHidden(title, next))}
          />
          <span className="muted small" role="status">
            {isFetching
              ? t('Loading…')
              : selected.size > 0
                ? plural(chosen.length, '{n} selected', '{n} selected')
                : ''}
          </span>
          <TokenChips tokens={tokens} onChange={writeTokens} />
        </div>
        <Table
          label={title}
          items={items}
          columns={shown}
          idOf={collection.idOf}
          nameOf={props.nameOf}
          order={order}
          onOrder={(next) => setOrder(rememberOrder(title, next))}
          selected={selected}
          onSelect={setSelected}
          {...(props.onOpen ? { onOpen: props.onOpen } : {})}
          empty={
            data === undefined ? (
              <div className="empty">{error ? '' : t('Loading…')}</div>
            ) : all.length === 0 ? (
              props.empty
            ) : (
              <div className="empty">{t('Nothing fits this filter.')}</div>
            )
          }
        />
      </div>
      {props.detail && chosen.length === 1 && props.detail(chosen[0]!)}
    </div>
  )
}

const NARROW = matchMedia('(max-width: 600px)')

function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      NARROW.addEventListener('change', listener)
      return () => NARROW.removeEventListener('change', listener)
    },
    () => NARROW.matches,
  )
}

/** Where two columns are in sight, the second one says how it is. */
function stateFirst<T>(columns: readonly Column<T>[]): readonly Column<T>[] {
  const [first, ...others] = columns
  const state = others.find(({ id }) => id === 'state' || id === 'status')
  return first && state ? [first, state, ...others.filter((one) => one !== state)] : columns
}

const LOT_MS = 5

/** The first key would wait for it otherwise. @returns what stops it. */
function prepareWhenIdle(
  prepare: (from: number, isTime: () => boolean) => number,
  count: number,
): () => void {
  let at = 0
  let timer = setTimeout(function lot() {
    const until = performance.now() + LOT_MS
    at = prepare(at, () => performance.now() < until)
    if (at < count) timer = setTimeout(lot)
  })
  return () => clearTimeout(timer)
}

const useless = (text: string): string => (/[=:]\s*$/.test(text) ? '' : text)

function counts(shown: number, all: number): string {
  const number = (n: number): string => n.toLocaleString('en')
  return shown === all
    ? number(all)
    : t('{shown} of {all}', { shown: number(shown), all: number(all) })
}

function hiddenAtFirst(title: string, columns: readonly Column<never>[]): ReadonlySet<string> {
  const extra = columns.filter((column) => column.isExtra).map((column) => column.id)
  return rememberedSet(`hidden.${title}`, extra)
}

function rememberHidden(title: string, hidden: ReadonlySet<string>): ReadonlySet<string> {
  remember(`hidden.${title}`, [...hidden])
  return hidden
}

function rememberOrder(title: string, order: Order): Order {
  remember(`order.${title}`, order)
  return order
}
