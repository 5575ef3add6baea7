/** A small table that only shows: it scrolls by itself where it is too wide, with the keyboard too. */
import { Children, type ReactNode } from 'react'

export function PlainTable(props: {
  /** What is in it, for who hears it. */
  label: string
  /** Of its columns, in order; none: it speaks for itself. */
  head?: readonly string[]
  /** Said when it has no row. */
  none?: ReactNode
  children: ReactNode
}) {
  const { label, head, none, children } = props
  if (none !== undefined && Children.count(children) === 0) {
    return <div className="empty">{none}</div>
  }
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={label}>
      <table className="plain-table">
        {head && (
          <thead>
            <tr>
              {head.map((name) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
