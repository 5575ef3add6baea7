/**
 * Pictures of every page of the console, to be looked at: three widths, both themes, on simulated hosts that hold
 * something of everything, of what opens upon the pages, and of what is empty or refused.
 * `node test/support/pictures.ts FOLDER [words of names…]`; `BRUME_SIZES=360-dark,1440-light` takes fewer. Says which
 * pages complain, are wider than the window, go on loading, or have a serious finding of axe.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { axeOf } from './axe.ts'
import { startBrowserConsole, type BrowserConsole, type ConsolePage } from './browser.ts'
import { scenesOf, type Scene } from './pictures-scenes.ts'
import { seed } from './pictures-seed.ts'

const [folder = '', ...words] = process.argv.slice(2)
if (!folder) throw new Error('say where: node test/support/pictures.ts FOLDER')

const WIDTHS = [360, 900, 1440]
const HEIGHT = 900
const SETTLE_MS = 150
const SIZES = process.env['BRUME_SIZES']?.split(',')

const [full, empty] = await Promise.all([startBrowserConsole(), startBrowserConsole()])
try {
  const scenes = scenesOf(await seed(full)).filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  )
  await mkdir(folder, { recursive: true })
  for (const width of WIDTHS) {
    for (const isDark of [false, true]) {
      const size = `${width}-${isDark ? 'dark' : 'light'}`
      if (SIZES && !SIZES.includes(size)) continue
      const of = (isEmpty: boolean) => scenes.filter((one) => (one.isEmpty ?? false) === isEmpty)
      await pictures(full, of(false), { width, isDark, size })
      await pictures(empty, of(true), { width, isDark, size })
    }
  }
} finally {
  await full.close()
  await empty.close()
}

interface Size {
  width: number
  isDark: boolean
  size: string
}

async function pictures(
  cloud: BrowserConsole,
  scenes: readonly Scene[],
  { width, isDark, size }: Size,
): Promise<void> {
  if (scenes.length === 0) return
  const page = await cloud.page({ width, height: HEIGHT, isDark })
  page.setDefaultTimeout(20_000)
  for (const scene of scenes) {
    const say = (text: string): void =>
      void process.stdout.write(`${size} ${scene.name}: ${text}\n`)
    try {
      await arrive(page, cloud.url, scene, say)
    } catch (error) {
      say((error as Error).message.split('\n').slice(0, 3).join(' '))
    }
    await page.screenshot({ path: join(folder, `${scene.name}-${size}.png`) })
    await scene.leave?.(page)
  }
  await page.context().close()
}

async function arrive(
  page: ConsolePage,
  url: string,
  { path, act, isRefused }: Scene,
  say: (text: string) => void,
): Promise<void> {
  await page.goto(`${url}${path}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page
    .getByText(/^Loading/)
    .first()
    .waitFor({ state: 'detached', timeout: 30_000 })
    .catch(() => say('goes on loading'))
  await act?.(page)
  // What comes in a second answer, and what moves when it comes.
  await page.waitForLoadState('load')
  await page.waitForTimeout(SETTLE_MS)
  const isWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
  if (await page.evaluate(isWide)) say('wider than the window')
  for (const finding of await axeOf(page)) say(finding)
  for (const complaint of page.complaints.splice(0)) if (!isRefused) say(complaint)
}
