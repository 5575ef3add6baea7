/**
 * Debian's Chromium, driven without downloads, on a console in the real composition. Evidence of a failure is a
 * picture.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { silentLog } from '../../src/lib/log.ts'
import { createConsoleSource } from '../../src/main/console-source.ts'
import { startConsoleCloud, type ConsoleCloud } from './console.ts'

export interface BrowserConsole extends ConsoleCloud {
  browser: Browser
  /** While it is set, the console's files are as if they were being built. */
  isBuilding: boolean
  /** A page that is signed in by a one-time link. What its console complains of is a failure. */
  page(options?: Partial<PageSize>): Promise<ConsolePage>
}

interface PageSize {
  width: number
  height: number
  isDark: boolean
}

export interface ConsolePage extends Page {
  complaints: string[]
}

const EXECUTABLE = process.env['BRUME_TEST_CHROMIUM'] ?? '/usr/bin/chromium'
/** Only a failure waits so long; a machine that others use too may. */
const ACTION_TIMEOUT_MS = 30_000
const BUILD_TIMEOUT_MS = 60_000

/** As root there is no sandbox to be had; the pages are our own. */
export function browserLaunch(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox', '--disable-gpu'] })
}

/** Built once for all files of tests: nobody else makes the same. */
const CACHE = process.env['BRUME_TEST_CACHE'] ?? join(tmpdir(), 'brume-test-cache')

/** `console`: what is filled in, for who names it before it is there. */
export async function startBrowserConsole(console = {} as BrowserConsole): Promise<BrowserConsole> {
  const built = createConsoleSource({ cacheFolder: CACHE, log: silentLog })
  const source = () => ({
    state: async () => (console.isBuilding ? { status: 'building' as const } : built.state()),
  })
  console.isBuilding = false
  const cloud = await startConsoleCloud({ source, delayMs: 20 })
  const browser = await browserLaunch()
  await consoleBuilt(cloud.url)
  return Object.assign(console, {
    ...cloud,
    browser,
    page: async (size: Partial<PageSize> = {}) => {
      const link = await cloud.signed('POST', '/api/console/link', {})
      const { token } = (await link.json()) as { token: string }
      const page = await pageOf(browser, size)
      await page.goto(`${cloud.url}/#link=${token}`)
      await page.getByRole('banner').waitFor()
      return page
    },
    close: async () => {
      await browser.close()
      await cloud.close()
    },
  })
}

export async function pageOf(
  browser: Browser,
  { width = 1280, height = 800, isDark = false }: Partial<PageSize> = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: isDark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    acceptDownloads: true,
  })
  context.setDefaultTimeout(ACTION_TIMEOUT_MS)
  const page = (await context.newPage()) as ConsolePage
  page.complaints = []
  page.on('pageerror', (error) => page.complaints.push(error.message))
  page.on('console', (message) => {
    // A refused request says so by itself; what the page makes of it is what is tested.
    const isOfRequest = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !isOfRequest) page.complaints.push(message.text())
  })
  return page
}

/** The first page load builds it. */
export async function consoleBuilt(url: string): Promise<void> {
  const until = Date.now() + BUILD_TIMEOUT_MS
  for (;;) {
    const answer = await fetch(`${url}/`, { headers: { accept: 'text/html' } })
    const text = await answer.text()
    if (answer.status === 200) return
    if (answer.status !== 202 || Date.now() > until) throw new Error(`no console: ${text}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export async function pictureKeep(page: Page, name: string): Promise<void> {
  const folder = process.env['BRUME_TEST_ARTIFACTS']
  if (folder) await page.screenshot({ path: join(folder, `${name.replace(/\W+/g, '-')}.png`) })
}
