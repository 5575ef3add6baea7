/** A button that opens a list of actions: arrow keys move, Escape closes, what cannot be done says why. */
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'

export interface MenuItem {
  label: string
  run(): void
  whyNot?: string | undefined
  /** A line above it. */
  isApart?: boolean
}

const EDGE_PX = 8

/** A button near the edge of a narrow window has a list that is wider than the way to that edge. */
export function keepInSight(list: HTMLElement | null | undefined): void {
  if (!list) return
  const { left, right } = list.getBoundingClientRect()
  const over = Math.max(0, right + EDGE_PX - document.documentElement.clientWidth)
  const shift = left < EDGE_PX ? EDGE_PX - left : -over
  if (shift !== 0) list.style.translate = `${shift}px`
}

export function Menu(props: {
  label: ReactNode
  name?: string
  items: readonly MenuItem[]
  isLeft?: boolean
  look?: string
}) {
  const { label, name, items, isLeft, look = '' } = props
  const [isOpen, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!isOpen) return
    const close = (event: PointerEvent): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', close)
    keepInSight(box.current?.querySelector<HTMLElement>('[role=menu]'))
    box.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus()
    return () => document.removeEventListener('pointerdown', close)
  }, [isOpen])
  const onKey = (event: KeyboardEvent): void => {
    const entries = [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])]
    const at = entries.indexOf(document.activeElement as HTMLElement)
    if (event.key === 'Escape') {
      setOpen(false)
      box.current?.querySelector('button')?.focus()
    } else if (event.key === 'ArrowDown') entries[(at + 1) % entries.length]?.focus()
    else if (event.key === 'ArrowUp') entries.at(at - 1)?.focus()
    else return
    event.preventDefault()
  }
  return (
    <div className="menu" ref={box} onKeyDown={isOpen ? onKey : undefined}>
      <button
        type="button"
        className={`button ${look}`}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={name}
        onClick={() => setOpen(!isOpen)}
      >
        {label} <span aria-hidden>▾</span>
      </button>
      {isOpen && (
        <div className={`list ${isLeft ? 'left' : ''}`} role="menu">
          {items.map((item) => (
            <div key={item.label} role="none">
              {item.isApart && <hr />}
              <button
                type="button"
                role="menuitem"
                aria-disabled={item.whyNot !== undefined}
                onClick={() => {
                  if (item.whyNot !== undefined) return
                  setOpen(false)
                  item.run()
                }}
              >
                {item.label}
                {item.whyNot !== undefined && <small>{item.whyNot}</small>}
              </button>
            </div>
          ))}
        </div>
      )}
    </div>
  )
}
