/**
 * The web console with a machine that really runs, as somebody without a terminal goes through it: the command's link,
 * the launch page, live progress to "SSH answers", `uname -a` typed in the browser's terminal, the serial console, the
 * screen by VNC, and graphs of what the hypervisor measures.
 */
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import { exec } from '../../src/lib/exec.ts'
import {
  browserLaunch,
  consoleBuilt,
  pageOf,
  pictureKeep,
  type ConsolePage,
} from '../support/browser.ts'
import { BOOT_TIMEOUT_MS, TYPE } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const SIZE = { width: 1280, height: 800, isDark: false }
const SLOW = { timeout: BOOT_TIMEOUT_MS }

let browser: Browser
let page: ConsolePage

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await pictureKeep(page, task.name)
  await browser.close()
})

/** In the order of the page; each is kept as a picture where `BRUME_PICTURES` says. */
async function picture(name: string): Promise<void> {
  const folder = process.env['BRUME_PICTURES']
  if (!folder) return
  await page.screenshot({ path: join(folder, `${name}.png`) })
  process.stderr.write(`${name}: ${(performance.now() / 1000).toFixed(1)} s after the test began\n`)
}

test(
  'from a link to `uname -a` in the browser, without a terminal',
  { timeout: 300_000 },
  async () => {
    const { daemon } = use
    browser = await browserLaunch()
    page = await pageOf(browser, SIZE)
    await consoleBuilt(daemon.url)
    const args = [MAIN, 'console', '--home', daemon.home]
    const { stdout } = await exec(process.execPath, args, { env: daemon.env() })
    await page.goto(stdout.trim().replace('localhost', '127.0.0.1'))
    await page.getByText('Three steps to a machine').waitFor()
    await page.locator('.tile', { hasText: '…' }).first().waitFor({ state: 'detached' })
    await picture('1-home')

    await page.getByRole('link', { name: 'Launch a machine' }).click()
    await page.getByLabel('Name', { exact: true }).fill('web')
    await page.getByLabel('Instance type').fill(TYPE)
    await page.getByRole('button', { name: 'Create new key pair' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('mine')
    await page.getByRole('button', { name: 'Create and download' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByText(/\d vCPUs?, [\d.]+ GiB of memory/).waitFor(SLOW)
    await page.getByRole('heading', { level: 1 }).scrollIntoViewIfNeeded()
    await picture('2-launch')
    await page.getByRole('button', { name: 'Launch instance', exact: true }).click()
    await page.getByText(/SSH answers after [\d.]+ s, SSH-2\.0-/).waitFor(SLOW)
    await picture('3-progress')

    await page.getByRole('link', { name: 'Connect' }).click()
    await page.getByText('was made in this tab and is used').waitFor()
    await page.getByRole('button', { name: 'Connect' }).click()
    await page.getByText(/^SSH to 100\.64\./).waitFor(SLOW)
    await page.locator('.xterm-helper-textarea').pressSequentially('uname -a\n')
    await page
      .getByText(/Linux ip-[\d-]+ .*x86_64/)
      .first()
      .waitFor(SLOW)
    await picture('4-terminal')

    await page.getByRole('link', { name: 'Serial console' }).click()
    await page.getByText('Serial console. Enter wakes it.').waitFor(SLOW)
    const echo = '\necho serial-$((40+2))\n'
    await page.locator('.xterm-helper-textarea').pressSequentially(echo)
    await page.getByText('serial-42').first().waitFor(SLOW)
    await picture('5-serial')

    await page.getByRole('link', { name: 'Screen' }).click()
    await page.getByRole('status').filter({ hasText: 'Connected' }).waitFor(SLOW)
    const canvas = page.locator('.screen canvas')
    await expect.poll(() => canvas.evaluate(colours), SLOW).toBeGreaterThan(1)
    await picture('6-screen')

    await page.goto(page.url().replace(/connect\/(i-\w+)\/.*/, 'instances/$1/monitoring'))
    const chart = page.getByRole('img', { name: /^CPU utilisation: of its vCPUs [\d.]+ %/ })
    // A line, not only the first number; a longer one where it is to be shown.
    const points = process.env['BRUME_PICTURES'] ? 12 : 2
    const line = chart.locator('polyline')
    await expect
      .poll(async () => (await line.getAttribute('points'))?.split(' ').length, SLOW)
      .toBeGreaterThanOrEqual(points)
    await picture('7-monitoring')
    expect(page.complaints).toEqual([])
  },
)

interface Canvas {
  width: number
  height: number
  getContext(kind: '2d'): {
    getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray }
  }
}

/** More than one: something is drawn on it. Runs in the page. */
function colours(element: unknown): number {
  const canvas = element as Canvas
  if (canvas.width === 0) return 0
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const seen = new Set<number>()
  for (let n = 0; n < data.length; n += 4) {
    seen.add(data[n]! * 65_536 + data[n + 1]! * 256 + data[n + 2]!)
  }
  return seen.size
}
