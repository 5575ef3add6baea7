/** Scaling groups in the browser: made from a template, grown by one click, its story told, readable when narrow. */
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
  await page.context().close()
})

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

test('made, grown by one click, told, narrow', { timeout: 120_000 }, async () => {
  const { Images } = await console.ec2.describeImages({})
  await console.ec2.createLaunchTemplate({
    LaunchTemplateName: 'web',
    LaunchTemplateData: { ImageId: Images![0]!.ImageId!, InstanceType: 't3.nano' },
  })
  page = await console.page({ width: 360, height: 740, isDark: true })
  await page.goto(`${console.url}/console/scaling`)
  await page.getByRole('button', { name: 'Create a scaling group' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('fleet')
  await dialog.getByLabel('Launch template').selectOption({ label: 'web' })
  await dialog.getByRole('button', { name: 'Create' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('checkbox').last().check()
  await page.getByText('Capacity of fleet').waitFor()
  await page.getByRole('button', { name: 'One more' }).click()
  const both = page.getByRole('link', { name: /^i-[0-9a-f]{17}$/ })
  await both.nth(1).waitFor()
  await page.getByText('Launching a new EC2 instance', { exact: false }).nth(1).waitFor()
  const axe = await readFile(AXE, 'utf8')
  const options = JSON.stringify({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })
  const result = (await page.evaluate(`${axe}; axe.run(${options})`)) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[]
  }
  const serious = result.violations.filter(({ impact }) => /serious|critical/.test(impact))
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([])
  const isWide = await page.evaluate(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth',
  )
  expect(isWide).toBe(false)
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No scaling groups yet').waitFor()
})
