/** What a daemon's log says of why it ended: JSON lines of its logger, or the stack of a crash. Pure. */

const LINES_MAX = 8
const LINES_OF_CRASH_MAX = 4
const LEVEL_WARN = 40

/** The few lines a person wants: an uncaught error's own words, else warnings and errors, else the last lines. */
export function tellingLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const crash = lines.findLastIndex((line) => /^(?:Uncaught )?\w*Error\b.*:/.test(line))
  if (crash >= 0) return lines.slice(crash, crash + LINES_OF_CRASH_MAX).map((line) => line.trim())
  const records = lines.map(recordOf)
  const serious = records.filter((record) => record.level >= LEVEL_WARN)
  return (serious.length > 0 ? serious : records).slice(-LINES_MAX).map((record) => record.words)
}

function recordOf(line: string): { level: number; words: string } {
  try {
    const record = JSON.parse(line) as { level?: number; msg?: string; err?: { message?: string } }
    const words = [record.msg, record.err?.message].filter(Boolean).join(': ')
    return { level: record.level ?? 0, words: words || line }
  } catch {
    return { level: 0, words: line.trim() }
  }
}
