/** No page of the console has a serious finding of axe or is wider than its window: in both themes, wide and narrow. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeOf } from '../support/axe.ts'
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
  '/console/dashboards',
  '/console/network',
  '/console/security-groups',
  '/console/addresses',
  '/console/balancers',
  '/console/key-pairs',
  '/console/hosts',
  '/console/iam',
  '/console/settings',
]

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
    for (const finding of await axeOf(page)) found.push(`${path}: ${finding}`)
    const isWide = await page.evaluate(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    )
    if (isWide) found.push(`${path}: wider than the window`)
  }
  return found
}
