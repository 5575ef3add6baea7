/** No page of the console has a serious finding of axe or is wider than its window: in both themes, wide and narrow. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowserConsole, type BrowserConsole, type ConsolePage } from '../support/browser.ts'

let console: BrowserConsole
let instanceId: string

beforeAll(async () => {
  console = await startBrowserConsole()
  const { Images } = await console.ec2.describeImages({})
  const made = await console.ec2.runInstances({
    ImageId: Images![0]!.ImageId!,
    InstanceType: 't3.nano',
    MinCount: 1,
    MaxCount: 1,
  })
  instanceId = made.Instances![0]!.InstanceId!
})
afterAll(() => console.close())

const PAGES = [
  '/',
  '/console/instances',
  '/console/launch',
  '/console/images',
  '/console/volumes',
  '/console/snapshots',
  '/console/templates',
  '/console/scaling',
  '/console/backup',
  '/console/backup/plans',
  '/console/backup/points',
  '/console/backup/jobs',
  '/console/backup/tests',
  '/console/backup/vaults',
  '/console/backup/elsewhere',
  '/console/activity',
  '/console/alarms',
  '/console/network',
  '/console/security-groups',
  '/console/addresses',
  '/console/balancers',
  '/console/key-pairs',
  '/console/hosts',
  '/console/iam',
  '/console/settings',
]

const AXE_OPTIONS = JSON.stringify({
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'],
  resultTypes: ['violations'],
})
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

interface AxeResult {
  violations: { id: string; impact: string; nodes: { html: string }[] }[]
}

const SIZES = {
  'light, wide': { width: 1280, height: 800, isDark: false },
  'dark, narrow': { width: 360, height: 740, isDark: true },
}

// Both at once: a browser uses two processors.
test('no page has a serious finding of axe', { timeout: 180_000 }, async () => {
  const found = await Promise.all(
    Object.entries(SIZES).map(async ([name, size]) => {
      const page = await console.page(size)
      const findings = await findingsOf(page)
      const complaints = [...page.complaints]
      await page.context().close()
      return [...findings, ...complaints].map((one) => `${name}: ${one}`)
    }),
  )
  expect(found.flat()).toEqual([])
})

async function findingsOf(page: ConsolePage): Promise<string[]> {
  const axe = await readFile(AXE, 'utf8')
  const found: string[] = []
  const ofInstance = [`/console/instances/${instanceId}`, `/console/connect/${instanceId}/commands`]
  for (const path of [...PAGES, ...ofInstance]) {
    await page.goto(`${console.url}${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page
      .getByText(/^Loading/)
      .first()
      .waitFor({ state: 'detached', timeout: 20_000 })
      .catch(() => found.push(`${path}: goes on loading`))
    // As the devtools would: the page's own policy lets no such script in.
    const result = (await page.evaluate(`${axe}; axe.run(${AXE_OPTIONS})`)) as AxeResult
    for (const { id: rule, impact, nodes } of result.violations) {
      if (impact !== 'serious' && impact !== 'critical') continue
      found.push(`${path}: ${rule}: ${nodes[0]?.html.slice(0, 160)}`)
    }
    const isWide = await page.evaluate(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    )
    if (isWide) found.push(`${path}: wider than the window`)
  }
  return found
}
