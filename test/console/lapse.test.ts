/**
 * A session that ends amid something: the sign-in comes over the page, nothing of which is seen or reached, and whoever
 * signs in as the same finds everything as it was typed. Somebody else does not.
 */
import { IAM } from '@aws-sdk/client-iam'
import { expect, test } from 'vitest'
import { axeOf } from '../support/axe.ts'
import { pageOf, type ConsolePage } from '../support/browser.ts'
import { ADMINISTRATOR, signIn, useBrowserConsole, usersMake } from '../support/browser-use.ts'

let page: ConsolePage
const console = useBrowserConsole((made) => usersMake(made, ['ada', 'eve'], ADMINISTRATOR))

async function arrive(path: string): Promise<void> {
  page = await pageOf(console.browser)
  await page.goto(`${console.url}${path}`)
  await signIn(page, console, 'ada')
  await page.getByRole('heading', { level: 1 }).waitFor()
}

/** What the daemon says to an old token, by either protocol, until somebody signs in. */
const EC2_WORDS = `<Response><Errors><Error><Code>RequestExpired</Code><Message>Request has expired.</Message>
  </Error></Errors><RequestID>r</RequestID></Response>`
const JSON_WORDS = '{"message":"The security token included in the request is expired"}'

let isOld = false

async function expire(): Promise<void> {
  isOld = true
  await page.route('**/*', async (route) => {
    const request = route.request()
    const { pathname } = new URL(request.url())
    if (pathname === '/api/sign-in') isOld = false
    const isAsked = request.method() !== 'GET' && !pathname.startsWith('/api/')
    if (!isOld || !isAsked) return route.fallback()
    if (request.headers()['content-type']?.includes('x-www-form-urlencoded')) {
      return route.fulfill({ status: 400, contentType: 'text/xml', body: EC2_WORDS })
    }
    const headers = { 'x-amzn-errortype': 'ExpiredTokenException' }
    return route.fulfill({
      status: 403,
      contentType: 'application/json',
      headers,
      body: JSON_WORDS,
    })
  })
}

/** The click that finds out; something in the background may have found out before it. */
const click = (name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).last().dispatchEvent('click')

const again = () => page.getByRole('dialog', { name: 'Sign in again' })

test('a half-filled launch goes on after signing in again', async () => {
  await arrive('/console/launch')
  await page.getByLabel('Name', { exact: true }).fill('precious')
  await page.getByRole('button', { name: 'Add tag' }).click()
  await page.getByLabel('Key', { exact: true }).fill('team')
  await page.getByLabel('Value', { exact: true }).fill('shop')
  await page.getByLabel('From where').selectOption('0.0.0.0/0')
  await page.getByText('Advanced details').click()
  await page.getByLabel('User data').fill('#!/bin/sh\necho hello')
  await expire()
  await click('Launch instance')
  await again().getByText('The session of ada has ended').waitFor()
  expect(await axeOf(page)).toEqual([])
  expect(await page.evaluate(`sessionStorage.getItem('brume.session')`)).toBeNull()
  // Nothing closes it but signing in.
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await again().waitFor()
  await signIn(page, console, 'ada')
  await again().waitFor({ state: 'detached' })
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('precious')
  expect(await page.getByLabel('User data').inputValue()).toBe('#!/bin/sh\necho hello')
  await page.getByRole('button', { name: 'Launch instance', exact: true }).click()
  await page.getByText(/Running after [\d.]+ s/).waitFor()
  const { Reservations } = await console.ec2.describeInstances({})
  const [instance] = Reservations![0]!.Instances!
  expect(instance!.Tags).toContainEqual({ Key: 'team', Value: 'shop' })
})

test('a dialog with a plan in it goes on; its other lists are read again', async () => {
  await arrive('/console/backup/plans')
  await page.getByRole('button', { name: 'Create plan' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create plan' })
  await dialog.getByLabel('Name').fill('weekly-and-precious')
  await dialog.getByLabel('How often').selectOption('week')
  await expire()
  await click('Create plan')
  await again().waitFor()
  await signIn(page, console, 'ada')
  await again().waitFor({ state: 'detached' })
  expect(await dialog.getByLabel('Name').inputValue()).toBe('weekly-and-precious')
  expect(await dialog.getByLabel('How often').inputValue()).toBe('week')
  await dialog.getByRole('button', { name: 'Create plan' }).click()
  await page.getByRole('heading', { level: 2, name: 'weekly-and-precious' }).waitFor()
})

test('somebody else gets a page of their own, and so does who leaves it', async () => {
  await arrive('/console/launch')
  const name = page.getByLabel('Name', { exact: true })
  await name.fill('secret plans')
  await expire()
  await click('Launch instance')
  await again().waitFor()
  await signIn(page, console, 'eve')
  await again().waitFor({ state: 'detached' })
  await page.getByRole('button', { name: /^Signed in as eve/ }).waitFor()
  expect(await name.inputValue()).toBe('')
  await name.fill('more plans')
  await expire()
  await click('Launch instance')
  await again()
    .getByRole('button', { name: /^Leave it/ })
    .click()
  await again().waitFor({ state: 'detached' })
  await signIn(page, console, 'eve')
  expect(await name.inputValue()).toBe('')
})

test('a private key that was made in a tab is found by nobody else who signs in there', async () => {
  await arrive('/console/key-pairs')
  await page.getByRole('button', { name: 'Create key pair' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('adas')
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Create and download' }).click()
  await (await download).path()
  const row = page.getByRole('row', { name: /adas/ })
  await row.getByText('yes').waitFor()
  const kept = `Object.keys(sessionStorage).filter((name) => name.startsWith('brume.key.')).length`
  expect(await page.evaluate(kept)).toBe(1)
  await page.reload()
  await row.getByText('yes').waitFor()
  await page.getByRole('button', { name: /^Signed in as ada/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(await page.evaluate('sessionStorage.length')).toBe(0)
  await signIn(page, console, 'eve')
  await row.getByText('no', { exact: true }).waitFor()
})

test('who had switched to a role is in it again', async () => {
  const iam = new IAM({ endpoint: console.url, region: 'us-east-1', credentials: console.root })
  const { account } = console.root
  const Statement = { Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' }
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await iam.createRole({ RoleName: 'keeper', AssumeRolePolicyDocument })
  await iam.attachRolePolicy({ RoleName: 'keeper', PolicyArn: ADMINISTRATOR })
  iam.destroy()
  await arrive('/console/launch')
  // A tab of the same person is no part of it.
  const other = await page.context().newPage()
  await other.goto(`${console.url}/console/settings`)
  await other.getByRole('button', { name: /^Signed in as ada/ }).waitFor()
  await page.getByRole('button', { name: /^Signed in as ada/ }).click()
  await page.getByRole('menuitem', { name: 'Switch role' }).click()
  await page.getByLabel('IAM role name').fill('keeper')
  await page.getByRole('dialog').getByRole('button', { name: 'Switch role' }).click()
  const who = page.getByRole('button', { name: /^Signed in as keeper/ })
  await who.waitFor()
  await other.getByRole('button', { name: /^Signed in as ada/ }).waitFor()
  await other.reload()
  await other.getByRole('button', { name: /^Signed in as ada/ }).waitFor()
  await other.close()
  const name = page.getByLabel('Name', { exact: true })
  await name.fill('of the keeper')
  await expire()
  await click('Launch instance')
  await again().getByText('The session of ada has ended').waitFor()
  await signIn(page, console, 'ada')
  await again().waitFor({ state: 'detached' })
  await who.waitFor()
  expect(await name.inputValue()).toBe('of the keeper')
})

test('another tab of the same person goes on by itself', async () => {
  await arrive('/console/launch')
  await page.getByLabel('Name', { exact: true }).fill('first tab')
  await expire()
  await click('Launch instance')
  await again().waitFor()
  isOld = false
  // The one that has lapsed tells nobody of its session: this one signs in.
  const other = (await page.context().newPage()) as ConsolePage
  await other.goto(`${console.url}/console/launch`)
  await signIn(other, console, 'ada')
  await again().waitFor({ state: 'detached' })
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('first tab')
})
