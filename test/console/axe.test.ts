/**
 * No page of the console has a serious finding of axe or is wider than its window, with something of everything on it:
 * in both themes, wide and narrow.
 */
import { expect, test } from 'vitest'
import { axeOf } from '../support/axe.ts'
import { useBrowserConsole } from '../support/browser-use.ts'
import type { ConsolePage } from '../support/browser.ts'
import { pagesOf } from '../support/pictures-scenes.ts'
import { seed, type Seeded } from '../support/pictures-seed.ts'

let seeded: Seeded
const console = useBrowserConsole(async (made) => {
  seeded = await seed(made)
})

const SIZES = {
  'light, wide': { width: 1280, height: 800, isDark: false },
  'dark, narrow': { width: 360, height: 740, isDark: true },
}

// Both at once: a browser uses two processors.
test('no page has a serious finding of axe', { timeout: 240_000 }, async () => {
  const found = await Promise.all(
    Object.entries(SIZES).map(async ([name, size]) => {
      const findings = await findingsOf(await console.page(size))
      return findings.map((one) => `${name}: ${one}`)
    }),
  )
  expect(found.flat()).toEqual([])
})

async function findingsOf(page: ConsolePage): Promise<string[]> {
  const found: string[] = []
  for (const path of pagesOf(seeded)) {
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
