/**
 * `npm run check`: everything that needs no root and no guest, side by side, each with its time. The words of what
 * failed come at the end, where they are read.
 *
 * Usage: node scripts/check.ts [name…]      for example: node scripts/check.ts types tidy
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { formatDuration } from '../src/cli/ui/format.ts'
import { exec, ExecError } from '../src/lib/exec.ts'

const ROOT = join(import.meta.dirname, '..')
const TIMEOUT_MS = 600_000
const OUTPUT_LINES_MAX = 60

interface Check {
  name: string
  args: readonly string[]
  /** What to do when it fails. */
  hint: string
}

function tool(name: string, program: string): string {
  return join(ROOT, 'node_modules', name, program)
}

async function checks(): Promise<Check[]> {
  const scripts = await readdir(join(ROOT, 'scripts'))
  const generators = scripts.filter((name) => /^generate-.*\.ts$/.test(name))
  const vitest = tool('vitest', 'vitest.mjs')
  return [
    {
      name: 'format',
      args: [tool('oxfmt', 'bin/oxfmt'), '--check', '.'],
      hint: 'npm run format',
    },
    {
      name: 'lint',
      args: [tool('oxlint', 'bin/oxlint'), '--type-aware', '--quiet', '.'],
      hint: 'npx oxlint --type-aware --fix',
    },
    { name: 'types', args: [tool('typescript', 'bin/tsc'), '-p', '.'], hint: 'fix the types' },
    {
      name: 'types-console',
      args: [tool('typescript', 'bin/tsc'), '-p', 'console'],
      hint: 'fix the types',
    },
    { name: 'tidy', args: [join(ROOT, 'scripts/tidy.ts')], hint: 'each line says what to do' },
    ...generators.map((name) => ({
      name: name.replace('.ts', ''),
      args: [join(ROOT, 'scripts', name), '--check'],
      hint: 'npm run generate',
    })),
    { name: 'unit', args: [vitest, 'run', '--project', 'unit'], hint: 'npm test -- --layer unit' },
  ]
}

async function run(check: Check): Promise<{ check: Check; output: string | null }> {
  const startedAt = performance.now()
  let output: string | null = null
  try {
    const env = { ...process.env, NO_COLOR: '1' }
    await exec(process.execPath, check.args, { cwd: ROOT, timeoutMs: TIMEOUT_MS, env })
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    output = `${error.stdout}${error.stderr}`.trim() || error.message
  }
  const time = formatDuration(performance.now() - startedAt)
  process.stdout.write(`${output === null ? '✓' : '✗'} ${check.name} (${time})\n`)
  return { check, output }
}

const asked = process.argv.slice(2)
const chosen = (await checks()).filter(({ name }) => asked.length === 0 || asked.includes(name))
const results = await Promise.all(chosen.map(run))
for (const { check, output } of results) {
  if (output === null) continue
  const lines = output.split('\n')
  const shown = lines.slice(0, OUTPUT_LINES_MAX)
  const more =
    lines.length > shown.length ? `\n… and ${lines.length - shown.length} lines more` : ''
  process.stdout.write(`\n── ${check.name}: ${check.hint}\n${shown.join('\n')}${more}\n`)
}
const failed = results.filter((result) => result.output !== null).length
if (chosen.length === 0) process.stdout.write('There is no such check.\n')
process.exitCode = failed === 0 && chosen.length > 0 ? 0 : 1
