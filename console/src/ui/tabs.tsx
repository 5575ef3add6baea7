/** Parts of a page, each with an address; the one that is shown is in sight also where not all of them fit. */
import { useEffect, useRef } from 'react'
import { Link } from 'react-router'

export function Tabs(props: {
  /** What they are parts of, for those who hear it. */
  label: string
  entries: readonly (readonly [name: string, label: string, ...unknown[]])[]
  current: string
  to(name: string): string
}) {
  const { label, entries, current, to } = props
  const shown = useRef<HTMLAnchorElement>(null)
  useEffect(() => {
    // No value: what a browser answers here is not what React would call at the end.
    void shown.current?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [current])
  return (
    <nav className="tabs" aria-label={label}>
      {entries.map(([name, words]) => (
        <Link
          key={name}
          to={to(name)}
          {...(name === current ? { 'aria-current': 'page' as const, ref: shown } : {})}
        >
          {words}
        </Link>
      ))}
    </nav>
  )
}
