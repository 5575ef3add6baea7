/**
 * The house rules that a program can check, as pure functions over file texts. Each complaint says what to do. What
 * is checked by other tools (format, lint, types) is not repeated here.
 */
import { posix } from 'node:path'

export interface Complaint {
  file: string
  line: number
  message: string
}

interface LayerRule {
  /** Folder, or file, that the rule is for; the longest match wins. */
  path: string
  /** What it may import besides itself. */
  mayImport: readonly string[]
}

/**
 * One way in, one way down (docs: ARCHITECTURE.md). Read it as: files below `path` may import files below these.
 * Adding a folder below src/ means adding a line here.
 */
export const LAYERS: readonly LayerRule[] = [
  { path: 'src/lib', mayImport: [] },
  { path: 'src/domain', mayImport: ['src/lib'] },
  { path: 'src/workflow', mayImport: ['src/lib'] },
  { path: 'src/scheduler', mayImport: ['src/domain', 'src/lib'] },
  { path: 'src/store', mayImport: ['src/domain', 'src/lib'] },
  // Drivers exchange plain data from domain; they never know each other.
  { path: 'src/hypervisor', mayImport: ['src/domain', 'src/lib'] },
  { path: 'src/fabric', mayImport: ['src/domain', 'src/lib'] },
  { path: 'src/balancing', mayImport: ['src/domain', 'src/lib'] },
  { path: 'src/blocks', mayImport: ['src/domain', 'src/lib'] },
  { path: 'src/images', mayImport: ['src/domain', 'src/lib'] },
  { path: 'src/backup', mayImport: ['src/domain', 'src/lib'] },
  // Of the engine they know the form in which a disk is read.
  {
    path: 'src/connectors',
    mayImport: ['src/domain', 'src/lib', 'src/backup/vault.ts'],
  },
  // The port is for everybody above; what stands behind it is for main alone.
  {
    path: 'src/agent/protocol.ts',
    mayImport: ['src/agent/backup-protocol.ts', 'src/domain', 'src/lib'],
  },
  { path: 'src/agent/backup-protocol.ts', mayImport: ['src/domain', 'src/lib'] },
  {
    path: 'src/agent',
    mayImport: [
      'src/hypervisor',
      'src/fabric',
      'src/blocks',
      'src/images',
      'src/backup',
      'src/connectors',
      'src/domain',
      'src/lib',
    ],
  },
  {
    path: 'src/app',
    mayImport: [
      'src/domain',
      'src/scheduler',
      'src/workflow',
      'src/store',
      'src/agent/protocol.ts',
      'src/agent/backup-protocol.ts',
      'src/lib',
    ],
  },
  { path: 'src/aws', mayImport: ['src/app', 'src/domain', 'src/lib'] },
  { path: 'src/api', mayImport: ['src/app', 'src/domain', 'src/lib'] },
  // An ordinary AWS client; it only reads what the host must have to make images.
  { path: 'src/cli', mayImport: ['src/domain', 'src/lib', 'src/images/requirements.ts'] },
  { path: 'src/main', mayImport: ['src'] },
  // Another client, in a browser: what it has of ours runs there.
  { path: 'console', mayImport: ['src/domain'] },
]

const FILE_LINES_MAX = 400
/** Code is broken at 100 by the formatter; sentences may run on a little. */
const COMMENT_COLUMNS_MAX = 120

/** Only these may do a thing that the rest of `src/` and `scripts/` may not. */
const RESERVED: readonly { pattern: RegExp; allowed: RegExp; message: string }[] = [
  {
    pattern: /from ['"](?:node:)?child_process['"]/,
    allowed: /^src\/lib\/exec\.ts$/,
    message:
      'only src/lib/exec.ts starts processes: use exec, spawnDetached or runInTerminal of it',
  },
  {
    pattern: /from ['"](?:kysely|pg|node:sqlite)['"]/,
    allowed: /^src\/store\//,
    message: 'only src/store knows SQL: add a function there',
  },
  {
    pattern: /\bconsole\.(?:log|error|warn|info|debug)\(/,
    allowed: /^(?:src\/cli|scripts|bench|test)\//,
    message: 'take a Log (src/lib/log.ts) instead of console',
  },
  {
    pattern: /['"](?:Invalid[A-Z]\w+\.(?:NotFound|Malformed|Duplicate)|UnauthorizedOperation)['"]/,
    allowed: /^(?:src\/aws|src\/cli|test|scripts|bench)\//,
    message:
      "AWS's error codes stay in src/aws: throw a FaultError with a fault of src/domain/faults.ts",
  },
  {
    // A picture (SVG) is no protocol.
    pattern: /<\?xml|(?<!<svg )xmlns=|xmlns=(?!"http:\/\/www\.w3\.org\/2000\/svg")/,
    // The description in an appliance is not AWS's.
    allowed: /^(?:src\/aws|test)\/|^src\/agent\/ova\.ts$/,
    message: 'XML stays in src/aws: return plain values',
  },
]

const BANNED: readonly { pattern: RegExp; message: string }[] = [
  {
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))/,
    message: 'write TODO(#issue) with the number of an issue, or do it now',
  },
  {
    pattern: /\b(?:describe|test|it)\.only\(/,
    message: 'remove .only: it would hide the other tests',
  },
  {
    pattern: /@ts-(?:ignore|nocheck)/,
    message: 'use @ts-expect-error with the reason, or fix the type',
  },
]

/** Every complaint about one TypeScript file. `file` is its path from the root of the checkout. */
export function complaintsOf(file: string, text: string): Complaint[] {
  const lines = text.split('\n')
  const complaints: Complaint[] = []
  const complain = (line: number, message: string): void =>
    void complaints.push({ file, line, message })
  const isGenerated = /(?:^|\/)generated\//.test(file)
  if (!/^(?:#!.*\n)?\/(?:\*|\/)/.test(text)) {
    complain(1, 'open with a comment: what this file is for and what it guarantees')
  }
  if (!isGenerated && lines.length > FILE_LINES_MAX + 1) {
    complain(lines.length, `over ${FILE_LINES_MAX} lines: split it by resource or by step`)
  }
  const isAboutRules =
    file.startsWith('scripts/support/tidy') || file.startsWith('test/unit/scripts')
  lines.forEach((line, index) => {
    const isLong = line.length > COMMENT_COLUMNS_MAX && !isUnbreakable(line)
    if (!isGenerated && isLong && isProse(line)) {
      complain(index + 1, `over ${COMMENT_COLUMNS_MAX} columns: break the line`)
    }
    if (isAboutRules) return
    for (const { pattern, message } of BANNED) if (pattern.test(line)) complain(index + 1, message)
    if (!file.startsWith('src/') && !file.startsWith('scripts/')) return
    for (const { pattern, allowed, message } of RESERVED) {
      if (pattern.test(line) && !allowed.test(file)) complain(index + 1, message)
    }
  })
  return [...complaints, ...importComplaints(file, text)]
}

/** Comments are the only lines that the formatter does not break itself. */
function isProse(line: string): boolean {
  return /^\s*(?:\*|\/\/|\/\*)/.test(line)
}

/** A long address or table row cannot be broken. */
function isUnbreakable(line: string): boolean {
  return /https?:\/\/\S{40,}/.test(line) || /^\s*\*\s*\|/.test(line)
}

/** Files that import each other in a loop, types included: whoever reads one must then read them all. */
export function circlesOf(texts: ReadonlyMap<string, string>): Complaint[] {
  const complaints: Complaint[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    const from = path.indexOf(file)
    if (from >= 0) {
      const circle = path.slice(from)
      const way = [...circle, file].join(' -> ')
      const message = `circle ${way}: move what both need to a file of its own`
      complaints.push({ file: circle[0]!, line: 1, message })
    }
    if (from >= 0 || done.has(file)) return
    path.push(file)
    for (const target of importsOf(file, texts.get(file) ?? '')) {
      if (texts.has(target)) visit(target)
    }
    path.pop()
    done.add(file)
  }
  for (const file of texts.keys()) visit(file)
  return complaints
}

function importsOf(file: string, text: string): string[] {
  return [...text.matchAll(IMPORT)].map(([, name]) =>
    posix.normalize(posix.join(posix.dirname(file), name ?? '')),
  )
}

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g

function importComplaints(file: string, text: string): Complaint[] {
  const from = ruleOf(file)
  if (!from) {
    if (!file.startsWith('src/')) return []

    const message = 'this folder has no layer: add it to LAYERS in scripts/support/tidy-rules.ts'
    return [{ file, line: 1, message }]
  }
  const complaints: Complaint[] = []
  for (const match of text.matchAll(IMPORT)) {
    const target = posix.normalize(posix.join(posix.dirname(file), match[1] ?? ''))
    const to = ruleOf(target)
    const isAllowed =
      isWithin(target, from.path) ||
      (from.path === 'src/agent' && to?.path === 'src/agent/protocol.ts') ||
      from.mayImport.some((allowed) => isWithin(target, allowed)) ||
      !target.startsWith('src/')
    if (isAllowed) continue
    const line = text.slice(0, match.index).split('\n').length
    const may = from.mayImport.join(', ') || 'nothing else of ours'
    complaints.push({
      file,
      line,
      message:
        `${from.path} must not import ${target}; it may import: ${may}. ` +
        'Pass plain data through src/domain, or let src/main bring the two together',
    })
  }
  return complaints
}

function ruleOf(file: string): LayerRule | undefined {
  return LAYERS.filter((rule) => isWithin(file, rule.path)).toSorted(
    (a, b) => b.path.length - a.path.length,
  )[0]
}

function isWithin(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`)
}
