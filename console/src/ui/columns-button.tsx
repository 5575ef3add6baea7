/** Which columns are shown. */
import { useEffect, useRef, useState } from 'react'
import { t } from '../text/t.ts'
import { keepInSight } from './menu.tsx'
import type { Column } from './table.tsx'

export function ColumnsButton(props: {
  columns: readonly Pick<Column<never>, 'id' | 'name'>[]
  hidden: ReadonlySet<string>
  onChange(hidden: ReadonlySet<string>): void
}) {
  const { columns, hidden, onChange } = props
  const [isOpen, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!isOpen) return
    const close = (event: PointerEvent): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', close)
    keepInSight(box.current?.querySelector<HTMLElement>('[role=group]'))
    box.current?.querySelector('input')?.focus()
    return () => document.removeEventListener('pointerdown', close)
  }, [isOpen])
  return (
    <div
      className="menu"
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        setOpen(false)
        box.current?.querySelector('button')?.focus()
      }}
    >
      <button
        type="button"
        className="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {t('Columns')} <span aria-hidden>▾</span>
      </button>
      {isOpen && (
        <div className="list left" role="group" aria-label={t('Columns')}>
          {columns.map(({ id, name }) => (
            <label key={id} className="check" style={{ padding: '4px 8px' }}>
              <input
                type="checkbox"
                checked={!hidden.has(id)}
                onChange={() => {
                  const next = new Set(hidden)
                  if (!next.delete(id)) next.add(id)
                  onChange(next)
                }}
              />
              {name}
            </label>
          ))}
        </div>
      )}
    </div>
  )
}
