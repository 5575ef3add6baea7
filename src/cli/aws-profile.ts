/**
 * Edits AWS's config files (INI) without harming what is there: only the named keys of the named section change;
 * comments, order, other sections and unknown lines stay as they are. Pure.
 */

/** `text` with `values` set in `[section]`; the section is appended when it is not there. */
export function iniSet(
  text: string,
  section: string,
  values: Readonly<Record<string, string>>,
): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
  const start = lines.findIndex((line) => sectionOf(line) === section)
  if (start < 0) {
    const gap = lines.length > 0 && lines.at(-1)?.trim() !== '' ? [''] : []
    return [...lines, ...gap, `[${section}]`, ...entries(values), ''].join(eol)
  }
  const after = lines.findIndex((line, index) => index > start && sectionOf(line) !== undefined)
  const end = after < 0 ? lines.length : after
  const body = lines.slice(start + 1, end)
  const kept: string[] = []
  const pending = new Map(Object.entries(values))
  for (const line of body) {
    const key = keyOf(line)
    if (key === undefined || !(key in values)) {
      kept.push(line)
      continue
    }
    // A key that is there twice keeps one line, with our value.
    const value = pending.get(key)
    if (value !== undefined) kept.push(`${key} = ${value}`)
    pending.delete(key)
  }
  // New keys go after the last line that says something, before the gap to the next section.
  let last = kept.length
  while (last > 0 && kept[last - 1]?.trim() === '') last -= 1
  kept.splice(last, 0, ...entries(Object.fromEntries(pending)))
  return [...lines.slice(0, start + 1), ...kept, ...lines.slice(end), ''].join(eol)
}

function entries(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([key, value]) => `${key} = ${value}`)
}

function sectionOf(line: string): string | undefined {
  const match = /^\s*\[([^\]]*)\]/.exec(line)
  return match?.[1]?.trim().replace(/\s+/g, ' ')
}

/** Indented lines belong to the key above (AWS's nested settings). */
function keyOf(line: string): string | undefined {
  return /^([A-Za-z_][\w.-]*)\s*=/.exec(line)?.[1]
}
