/**
 * One cloud with its console, and one browser, for the tests of a file. After each test its pages are closed: what one
 * of them complained of fails the test, and a failure leaves a picture of each.
 */
import { IAM } from '@aws-sdk/client-iam'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import {
  pictureKeep,
  startBrowserConsole,
  type BrowserConsole,
  type ConsolePage,
} from './browser.ts'

const START_TIMEOUT_MS = 120_000

/** @returns what it is when the first test begins. */
export function useBrowserConsole(
  setUp?: (console: BrowserConsole) => Promise<void>,
): BrowserConsole {
  const console = {} as BrowserConsole
  beforeAll(async () => {
    await startBrowserConsole(console)
    await setUp?.(console)
  }, START_TIMEOUT_MS)
  afterEach(async ({ task }) => {
    const contexts = console.browser.contexts()
    const pages = contexts.flatMap((one) => one.pages()) as (Page & Partial<ConsolePage>)[]
    if (task.result?.state === 'fail') {
      for (const [n, page] of pages.entries()) await pictureKeep(page, `${task.name} ${n}`)
    }
    await Promise.all(contexts.map((one) => one.close()))
    expect(pages.flatMap(({ complaints = [] }) => complaints)).toEqual([])
  })
  afterAll(() => console.close())
  return console
}

export const PASSWORD = 'Correct-Horse-1'
export const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess'

/** Users with the password; without a policy they may nothing. */
export async function usersMake(
  { url: endpoint, root }: BrowserConsole,
  names: readonly string[],
  PolicyArn?: string,
): Promise<void> {
  const iam = new IAM({ endpoint, region: 'us-east-1', credentials: root })
  for (const UserName of names) {
    await iam.createUser({ UserName })
    await iam.createLoginProfile({ UserName, Password: PASSWORD })
    if (PolicyArn) await iam.attachUserPolicy({ UserName, PolicyArn })
  }
  iam.destroy()
}

/** What somebody types who is asked who they are. */
export async function signIn(
  page: ConsolePage,
  { root }: BrowserConsole,
  user: string,
  password = PASSWORD,
): Promise<void> {
  await page.getByLabel('Account ID or alias').fill(root.account)
  await page.getByLabel('IAM user name').fill(user)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}
