/**
 * From the table that is in force to the one that should be, as one nftables transaction of what differs. Pure. A VPC
 * with hundreds of interfaces has thousands of lines; a changed rule touches one chain. What cannot be said as a
 * difference (another hook, nothing known) is the whole table in the old one's place, as it always was.
 */
import { TABLE } from '../names.ts'

/** A chain or a set as our own renderer writes it. */
interface Block {
  kind: 'chain' | 'set'
  /** Hook and policy of a base chain, the type of a set; empty for other chains. */
  head: string
  lines: readonly string[]
}

const OPENS = /^ {2}(chain|set) (\S+) \{$/
const CLOSES = '  }'

function blocksOf(text: string): Map<string, Block> {
  const blocks = new Map<string, Block>()
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, kind, name] = OPENS.exec(lines[at]!) ?? []
    if (kind === undefined || name === undefined) continue
    const end = lines.indexOf(CLOSES, at)
    const inner = lines.slice(at + 1, end).map((line) => line.trim())
    const hasHead = kind === 'set' || inner[0]?.startsWith('type ') === true
    const [head = '', ...rest] = hasHead ? inner : ['', ...inner]
    blocks.set(name, { kind: kind as Block['kind'], head, lines: rest })
    at = end
  }
  return blocks
}

/** `before` null: nothing is known of what is there. */
export function filterChange(before: string | null, after: string): string {
  if (before === null) return after
  if (before === after) return ''
  const [old, wanted] = [blocksOf(before), blocksOf(after)]
  const isOther = [...wanted].some(([name, block]) => {
    const known = old.get(name)
    return known !== undefined && (known.kind !== block.kind || known.head !== block.head)
  })
  return isOther ? after : `${differences(old, wanted).join('\n')}\n`
}

/**
 * Made before it is named, emptied before it is deleted: the kernel counts references as the transaction goes.
 */
function differences(old: ReadonlyMap<string, Block>, wanted: ReadonlyMap<string, Block>) {
  const at = (name: string): string => `inet ${TABLE} ${name}`
  const isSame = (a: Block, b: Block): boolean =>
    a.lines.length === b.lines.length && a.lines.every((line, n) => line === b.lines[n])
  const changed = [...wanted].filter(([name, block]) => {
    const known = old.get(name)
    return known === undefined || !isSame(known, block)
  })
  const gone = [...old].filter(([name]) => !wanted.has(name))
  const added = changed.filter(([name]) => !old.has(name))
  const ofKind = (kind: Block['kind']) => (entry: [string, Block]) => entry[1].kind === kind
  return [
    ...added.map(([name, { kind, head }]) => {
      return `add ${kind} ${at(name)}${head === '' ? '' : ` { ${head}${kind === 'set' ? ';' : ''} }`}`
    }),
    ...[...changed.filter(([name]) => old.has(name)), ...gone].map(
      ([name, { kind }]) => `flush ${kind} ${at(name)}`,
    ),
    ...changed.flatMap(([name, { kind, lines }]) =>
      lines.map((line) =>
        kind === 'chain'
          ? `add rule ${at(name)} ${line}`
          : `add element ${at(name)} ${line.replace(/^elements = /, '')}`,
      ),
    ),
    ...gone.filter(ofKind('chain')).map(([name]) => `delete chain ${at(name)}`),
    ...gone.filter(ofKind('set')).map(([name]) => `delete set ${at(name)}`),
  ]
}
