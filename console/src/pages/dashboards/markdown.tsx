/**
 * The part of Markdown that a dashboard's texts use: headings, lists, paragraphs, strong, emphasis, code, links. Made
 * into elements, never into markup; a link leads by http(s) or into this console.
 */
import type { ReactNode } from 'react'
import { Link } from 'react-router'

const LENGTH_MAX = 50_000
const INLINE =
  /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\n]+)\*|\[([^\]\n]{1,500})\]\(([^)\s]{1,2000})\)/g

export function Markdown({ text }: { text: string }) {
  const blocks = text.slice(0, LENGTH_MAX).split(/\n{2,}/)
  // Blocks have no name but their place, and are made as a whole.
  // oxlint-disable-next-line react/no-array-index-key
  return (
    <div className="stack markdown">
      {blocks.map((one, n) => (
        <Block key={n} text={one} />
      ))}
    </div>
  )
}

function Block({ text }: { text: string }) {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const heading = /^(#{1,6})\s+(.*)$/.exec(lines[0] ?? '')
  if (heading) {
    const rest = lines.slice(1).join('\n')
    return (
      <>
        {heading[1]!.length === 1 ? (
          <h2 className="large">{inline(heading[2]!)}</h2>
        ) : (
          <h3>{inline(heading[2]!)}</h3>
        )}
        {rest && <Block text={rest} />}
      </>
    )
  }
  if (lines.length > 0 && lines.every((line) => /^\s*[-*]\s+/.test(line))) {
    return (
      <ul>
        {lines.map((line, n) => (
          // oxlint-disable-next-line react/no-array-index-key
          <li key={n}>{inline(line.replace(/^\s*[-*]\s+/, ''))}</li>
        ))}
      </ul>
    )
  }
  return <p>{inline(lines.join('\n'))}</p>
}

function inline(text: string): ReactNode[] {
  const parts: ReactNode[] = []
  let at = 0
  for (const match of text.matchAll(INLINE)) {
    parts.push(text.slice(at, match.index))
    at = match.index + match[0].length
    const [whole, code, strong, emphasis, words, address] = match
    const key = match.index
    if (code) parts.push(<code key={key}>{code}</code>)
    else if (strong) parts.push(<strong key={key}>{strong}</strong>)
    else if (emphasis) parts.push(<em key={key}>{emphasis}</em>)
    else parts.push(linkOf(words!, address!, key) ?? whole)
  }
  return [...parts, text.slice(at)]
}

function linkOf(words: string, address: string, key: number): ReactNode {
  if (/^\/(?![/\\])/.test(address)) {
    return (
      <Link key={key} to={address}>
        {words}
      </Link>
    )
  }
  if (!/^https?:\/\//i.test(address)) return null
  return (
    <a key={key} href={address} target="_blank" rel="noopener noreferrer">
      {words}
    </a>
  )
}
