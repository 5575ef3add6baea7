/** What the recommender answered, for people. Pure. */
import { PRICE_SOURCE } from '../../domain/instance-type.ts'
import type { Recommendation, Recommended } from '../../domain/recommend/recommend.ts'
import { formatTable, wrapText } from './format.ts'
import { paint } from './terminal.ts'

const HOST_WORDS = { now: 'fits', full: 'no room now', never: 'no', unknown: '?' } as const

export function recommendedText(found: Recommended, isOn: boolean, columns = 100): string {
  const wrapped = (text: string, indent = '  '): string => wrapText(text, columns, indent)
  const lines: string[] = []
  const understood = found.understood.map(({ words, meaning }) =>
    words === 'the whole' ? meaning : `${words} → ${meaning}`,
  )
  if (understood.length > 0) {
    lines.push(paint('dim', wrapped(`Understood: ${understood.join('; ')}`), isOn))
  }
  for (const note of found.notes) lines.push(paint('dim', wrapped(note), isOn))
  const [first, ...others] = found.recommendations
  if (!first) return [...lines, ...nothing(found)].join('\n')
  lines.push(
    '',
    `${paint('green', first.instanceType, isOn)}  ${paint('bold', price(first), isOn)}`,
  )
  for (const reason of first.reasons) lines.push(wrapped(`  ${reason}`, '    '))
  for (const caution of first.cautions) {
    lines.push(wrapped(`  ! ${caution}`, '    ').replace('!', paint('yellow', '!', isOn)))
  }
  lines.push(wrapped(`  ${hostWords(first)}`, '    '))
  if (others.length > 0) {
    const rows = [first, ...others].map((one) => [
      String(one.rank),
      one.instanceType,
      String(one.vcpus),
      `${one.memoryGiB}`,
      one.architectures.join('/'),
      one.usdPerHour === null ? '?' : one.usdPerHour.toFixed(4),
      HOST_WORDS[one.host.state],
      one.whyNotFirst ?? 'the best answer',
    ])
    const head = ['', 'TYPE', 'VCPUS', 'GIB', 'CPU', 'USD/H', 'HERE', 'COMPARED']
    lines.push(
      '',
      formatTable(head, rows, (text) => paint('bold', text, isOn), columns),
    )
  }
  if (found.givenUp.length > 0) lines.push('', paint('bold', 'Given up', isOn))
  for (const { instanceType, why } of found.givenUp)
    lines.push(wrapped(`  ${instanceType}: ${why}`, '    '))
  lines.push(
    '',
    paint(
      'dim',
      `Prices: ${PRICE_SOURCE.what}, ${PRICE_SOURCE.date}; from ${PRICE_SOURCE.file}.`,
      isOn,
    ),
  )
  return lines.join('\n')
}

function price({ usdPerHour }: Recommendation): string {
  return usdPerHour === null ? 'price unknown' : `$${usdPerHour} an hour on AWS`
}

function hostWords({ instanceType, host }: Recommendation): string {
  const reason = host.reason ? ` (${host.reason})` : ''
  if (host.state === 'now') return `It fits this host${reason}:  ./brume run --type ${instanceType}`
  if (host.state === 'unknown') return `Whether it fits this host is not known${reason}.`
  const state = host.state === 'full' ? 'has no room on this host now' : 'cannot run on this host'
  return `It ${state}${reason}. Nearest that does: ${host.nearest ?? 'none'}`
}

function nothing({ nearest }: Recommended): string[] {
  const lines = ['', 'No instance type has all of that.']
  if (nearest) {
    lines.push(`Nearest: ${nearest.instanceType}`)
    for (const words of nearest.missed) lines.push(`  ${words}`)
  }
  return lines
}
