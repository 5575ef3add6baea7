/**
 * Launch templates and scaling groups in the browser: a template saved from the launch page and launched from; a group
 * made from one, grown by one click, with a warm pool, its story told, readable when narrow.
 */
import { AutoScaling } from '@aws-sdk/client-auto-scaling'
import { expect, test } from 'vitest'
import { axeOf } from '../support/axe.ts'
import { useBrowserConsole } from '../support/browser-use.ts'

const console = useBrowserConsole()

test('made, grown by one click, told, narrow', { timeout: 120_000 }, async () => {
  const { Images } = await console.ec2.describeImages({})
  await console.ec2.createLaunchTemplate({
    LaunchTemplateName: 'web',
    LaunchTemplateData: { ImageId: Images![0]!.ImageId!, InstanceType: 't3.nano' },
  })
  const page = await console.page({ width: 360, height: 740, isDark: true })
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
  const scaling = new AutoScaling({
    ...{ endpoint: console.url, region: 'us-east-1', credentials: console.root },
  })
  await scaling.putWarmPool({ AutoScalingGroupName: 'fleet', MinSize: 1 })
  scaling.destroy()
  await page.getByText('1 · Stopped').waitFor()
  await page.getByText('Warmed:Stopped').waitFor()
  expect(await axeOf(page)).toEqual([])
  const isWide = await page.evaluate(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth',
  )
  expect(isWide).toBe(false)
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No scaling groups yet').waitFor()
})

test('the launch page saves a template, from which two are launched', async () => {
  const page = await console.page()
  await page.goto(`${console.url}/console/launch`)
  await page.getByLabel('Name', { exact: true }).fill('web server')
  await page.getByLabel('Subnet').selectOption({ index: 1 })
  const subnet = await page.getByLabel('Subnet').inputValue()
  await page.getByRole('button', { name: 'Add new volume' }).click()
  await page.getByRole('button', { name: 'Add new volume' }).click()
  // A name that is free again is taken again: no two volumes have the same.
  await page.getByRole('button', { name: 'Remove', exact: true }).first().click()
  await page.getByRole('button', { name: 'Add new volume' }).click()
  await page.getByText('Advanced details').click()
  await page.getByLabel('User data').fill('#!/bin/sh\necho hello')
  await page.getByRole('button', { name: 'Save as a launch template' }).click()
  const dialog = page.getByRole('dialog')
  const save = dialog.getByRole('button', { name: 'Save' })
  expect(await save.getAttribute('aria-disabled')).toBe('true')
  await dialog.getByLabel('Launch template name').fill('web-server')
  await save.click()
  await page.getByRole('row', { name: /web-server/ }).click()
  await page.getByRole('button', { name: 'Launch instance from it' }).click()
  await dialog.getByLabel('Number of instances').fill('2')
  await dialog.getByRole('button', { name: 'Launch 2 instances' }).click()
  await page
    .getByRole('row', { name: /web server/ })
    .nth(1)
    .waitFor()
  const Filters = [{ Name: 'tag:Name', Values: ['web server'] }]
  const { Reservations } = await console.ec2.describeInstances({ Filters })
  const [instance, other] = Reservations!.flatMap((one) => one.Instances!)
  expect([instance!.SubnetId, other!.SubnetId]).toEqual([subnet, subnet])
  expect(instance!.SecurityGroups![0]!.GroupName).toMatch(/^launch-wizard-/)
  const devices = instance!.BlockDeviceMappings!.map(({ DeviceName }) => DeviceName)
  expect(devices.toSorted()).toEqual(['/dev/sdf', '/dev/sdg', '/dev/xvda'])
  const asked = { InstanceId: instance!.InstanceId!, Attribute: 'userData' as const }
  const { UserData } = await console.ec2.describeInstanceAttribute(asked)
  expect(Buffer.from(UserData!.Value!, 'base64').toString()).toBe('#!/bin/sh\necho hello')
})
