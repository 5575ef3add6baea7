/** `brume doctor`: what this host can do, in plain words, and how to fix what is missing. Then it exits with 1. */
import { Command } from 'commander'
import { diagnose, type Finding } from '../diagnosis.ts'
import { EXIT } from '../errors.ts'
import { findCloud, PORT_DEFAULT, resolveHome } from '../home.ts'
import { hostApi, standbyWords } from '../host-api.ts'
import { gatherFacts } from '../host-facts.ts'
import { homeOption, jsonOption } from '../options.ts'
import { requirementsOf } from '../requirements.ts'
import { isColoured, paint, type Colour } from '../ui/terminal.ts'
import type { VerbContext } from '../verb-context.ts'

const MARKS: Record<Finding['level'], [string, Colour]> = {
  good: ['✓', 'green'],
  limited: ['!', 'yellow'],
  bad: ['✗', 'red'],
}

export function command(context: VerbContext): Command {
  return new Command('doctor')
    .description('Says what this host can do, and how to fix what is missing. Changes nothing.')
    .addOption(homeOption())
    .addOption(jsonOption())
    .action(async (options: { home?: string; json?: boolean }) => {
      const home = resolveHome(options.home)
      const cloud = await findCloud(home).catch(() => undefined)
      const host = cloud ? await hostApi(cloud).host() : null
      const port = cloud?.port ?? PORT_DEFAULT
      const requirements = requirementsOf(['machines', 'network', 'ssh', 'firmware'])
      const facts = await gatherFacts({ home, port, requirements })
      const findings = diagnose(facts, { port, home, host, launcher: context.launcher })
      const waiting = cloud ? standbyWords(await hostApi(cloud).templates()) : null
      if (waiting) findings.push({ area: 'Machines', level: 'good', text: waiting, fix: null })
      if (options.json) process.stdout.write(`${JSON.stringify({ findings, facts }, null, 2)}\n`)
      else process.stdout.write(`${renderFindings(findings)}\n`)
      if (findings.some((finding) => finding.level === 'bad')) context.exit(EXIT.failed)
    })
}

export function renderFindings(
  findings: readonly Finding[],
  isOn = isColoured(process.stdout),
): string {
  const lines: string[] = []
  for (const [area, ofArea] of Map.groupBy(findings, (finding) => finding.area)) {
    if (lines.length > 0) lines.push('')
    lines.push(paint('bold', area, isOn))
    for (const finding of ofArea) {
      const [mark, colour] = MARKS[finding.level]
      lines.push(`  ${paint(colour, mark, isOn)} ${finding.text}`)
      if (finding.fix) lines.push(`      ${paint('dim', 'fix:', isOn)} ${finding.fix}`)
    }
  }
  const bad = findings.filter((finding) => finding.level === 'bad').length
  const limited = findings.filter((finding) => finding.level === 'limited').length
  lines.push('', summary(bad, limited))
  return lines.join('\n')
}

function summary(bad: number, limited: number): string {
  if (bad > 0) return `${bad === 1 ? 'One thing' : `${bad} things`} to fix before machines can run.`
  if (limited > 0) return 'Machines can run here, with the limits named above.'
  return 'All is well: machines can run here.'
}
