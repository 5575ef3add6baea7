/** Numbers, times and tables for people. Pure. */

/** However narrow the terminal is. */
const LAST_COLUMN_MIN = 16

export function formatDuration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} days`
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/**
 * Columns as wide as their widest cell; the last one is not padded, and goes on beneath itself where it would be wider
 * than `columns`. Without rows: an empty string.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  styleHead: (text: string) => string = (text) => text,
  columns = Infinity,
): string {
  if (rows.length === 0) return ''
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0)
  const room = Math.max(LAST_COLUMN_MIN, columns - before)
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column < widths.length - 1
          ? cell.padEnd(widths[column] ?? 0)
          : wrapText(cell, room).replaceAll('\n', `\n${' '.repeat(before)}`),
      )
      .join('  ')
      .trimEnd()
  return [styleHead(line(head)), ...rows.map(line)].join('\n')
}

/** Lines no wider than `width`, broken at spaces; the first keeps its own indent, later ones have `indent`. */
export function wrapText(text: string, width: number, indent = ''): string {
  const lines: string[] = []
  let line = /^ */.exec(text)![0]
  for (const word of text.slice(line.length).split(' ')) {
    const isEmpty = line.trim() === ''
    const isFull = !isEmpty && line.length + 1 + word.length > width
    if (isFull) lines.push(line.trimEnd())
    line = isFull ? indent + word : isEmpty ? line + word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}
