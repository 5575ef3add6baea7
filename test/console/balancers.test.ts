/** Load balancers in the console: made by its dialog, shown with rules in words and health; axe on a phone. */
import { expect, test } from 'vitest'
import { axeOf } from '../support/axe.ts'
import { useBrowserConsole } from '../support/browser-use.ts'

const console = useBrowserConsole()

test('a load balancer is made and read, on a phone', async () => {
  const { Images } = await console.ec2.describeImages({})
  await console.ec2.runInstances({
    ...{ ImageId: Images![0]!.ImageId!, InstanceType: 't3.nano', MinCount: 1, MaxCount: 1 },
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'behind' }] }],
  })
  const page = await console.page({ width: 360, height: 740, isDark: false })
  await page.goto(`${console.url}/console/balancers`)
  await page.getByText('No load balancers yet').waitFor()
  await page.getByRole('button', { name: 'Create load balancer' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('shop')
  await dialog.getByRole('checkbox', { name: /behind/ }).check()
  expect(await axeOf(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Create load balancer' }).click()
  await page.getByRole('heading', { level: 1, name: 'shop' }).waitFor()
  await page.getByText('Otherwise forward to shop').waitFor()
  await page.getByText('healthy', { exact: true }).waitFor({ timeout: 20_000 })
  expect(await axeOf(page)).toEqual([])
  const width = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
  expect(await page.evaluate(width)).toBe(0)
  await page.goto(`${console.url}/console/balancers`)
  await page.getByText('active', { exact: true }).waitFor()
})
