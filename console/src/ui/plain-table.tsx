/** A small table that only shows: it scrolls by itself where it is too wide, with the keyboard too. */
import type { ReactNode } from 'react'

export function PlainTable(props: {
  /** What is in it, for who hears it. */
  label: string
  /** Of its columns, in order; none: it speaks for itself. */
  head?: readonly string[]
  children: ReactNode
}) {
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={props.label}>
      <table className="plain-table">
        {props.head && (
          <thead>
            <tr>
              {props.head.map((name) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>{props.children}</tbody>
      </table>
    </div>
  )
}
