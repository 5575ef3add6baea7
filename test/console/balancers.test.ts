/** Load balancers in the console: made by its dialog, shown with rules in words and health; axe on a phone. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  pictureKeep,
  startBrowserConsole,
  type BrowserConsole,
  type ConsolePage,
} from '../support/browser.ts'

let console: BrowserConsole
let page: ConsolePage

beforeAll(async () => {
  console = await startBrowserConsole()
})
afterAll(() => console.close())
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await pictureKeep(page, task.name)
  const { complaints } = page
  await page.context().close()
  expect(complaints).toEqual([])
})

const AXE_OPTIONS = JSON.stringify({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })

async function serious(): Promise<string[]> {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  const result = (await page.evaluate(`${axe}; axe.run(${AXE_OPTIONS})`)) as {
    violations: { id: string; impact: string }[]
  }
  return result.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id }) => id)
}

test('a load balancer is made and read, on a phone', async () => {
  const { Images } = await console.ec2.describeImages({})
  await console.ec2.runInstances({
    ...{ ImageId: Images![0]!.ImageId!, InstanceType: 't3.nano', MinCount: 1, MaxCount: 1 },
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'behind' }] }],
  })
  page = await console.page({ width: 360, height: 740, isDark: false })
  await page.goto(`${console.url}/console/balancers`)
  await page.getByText('No load balancers yet').waitFor()
  await page.getByRole('button', { name: 'Create load balancer' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('shop')
  await dialog.getByRole('checkbox', { name: /behind/ }).check()
  expect(await serious()).toEqual([])
  await dialog.getByRole('button', { name: 'Create load balancer' }).click()
  await page.getByRole('heading', { level: 1, name: 'shop' }).waitFor()
  await page.getByText('Otherwise forward to shop').waitFor()
  await page.getByText('healthy', { exact: true }).waitFor({ timeout: 20_000 })
  expect(await serious()).toEqual([])
  const width = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
  expect(await page.evaluate(width)).toBe(0)
  await page.goto(`${console.url}/console/balancers`)
  await page.getByText('active', { exact: true }).waitFor()
})
