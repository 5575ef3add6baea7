/** What axe finds on a page as it is: rules broken whose impact is serious or critical, with where. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const OPTIONS = JSON.stringify({
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'],
  resultTypes: ['violations'],
})
const FILE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const HTML_MAX = 160

interface AxeResult {
  violations: { id: string; impact: string; nodes: { html: string }[] }[]
}

export async function axeOf(page: Page): Promise<string[]> {
  const axe = await readFile(FILE, 'utf8')
  // As the devtools would: the page's own policy lets no such script in.
  const result = (await page.evaluate(`${axe}; axe.run(${OPTIONS})`)) as AxeResult
  return result.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, HTML_MAX)}`)
}
