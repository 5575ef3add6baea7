/**
 * Single files of a backup, by the console alone: a real machine writes files, is backed up by a click, and what its
 * recovery point holds is looked at and downloaded in Chromium; the bytes and the names are the guest's.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterEach, expect, test } from 'vitest'
import { visibleName } from '../../console/src/util/guest-text.ts'
import { exec } from '../../src/lib/exec.ts'
import { browserLaunch, consoleBuilt, pageOf, pictureKeep } from '../support/browser.ts'
import type { ConsolePage } from '../support/browser.ts'
import { launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const MINUTE_MS = 60_000
/** Emulated, on a machine that others use too. */
const SLOW = { timeout: 5 * MINUTE_MS }

let browser: Browser | undefined
let page: ConsolePage

afterEach(async ({ task }) => {
  if (browser && task.result?.state === 'fail') await pictureKeep(page, task.name)
  await browser?.close()
})

/** What a page must not be led by: markup, a right-to-left mark, a name that a shell would run. */
const ODD = ['<img src=x onerror=alert(1)>', 'a\u202etxt.exe', '$(reboot) `id`; & "q" 😀']

test(
  'files of a machine come back by a click, byte by byte',
  async () => {
    const { daemon, key } = use
    const [made] = await launch(daemon, {
      KeyName: key.name,
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'archive' }] }],
    })
    const [running] = await reach(daemon, [made!.InstanceId!], 'running', SLOW.timeout)
    const address = running!.PublicIpAddress!
    await sshWhenReady(key, address)
    // Through standard input: no shell reads the names.
    const names = ODD.map((name) => Buffer.from(name).toString('base64')).join('\n')
    const write = `sudo sh -c 'mkdir -p /var/kept && cd /var/kept && head -c 3000001 /dev/urandom >big &&
    : >empty && while read line; do printf %s "$line" >"$(echo "$line" | base64 -d)"; done; sync'`
    await ssh(key, address, write, { input: `${names}\n` })
    const digest = (await ssh(key, address, 'sudo sha256sum /var/kept/big')).split(' ')[0]

    browser = await browserLaunch()
    page = await pageOf(browser, { width: 1280, height: 800, isDark: false })
    await consoleBuilt(daemon.url)
    const args = [MAIN, 'console', '--home', daemon.home]
    const { stdout } = await exec(process.execPath, args, { env: daemon.env() })
    await page.goto(stdout.trim().replace('localhost', '127.0.0.1'))
    await page.getByRole('link', { name: 'Backup', exact: true }).click()
    const row = page.getByRole('row').filter({ hasText: 'archive' })
    await row.getByRole('button', { name: 'Back up now' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Back up' }).click()
    await row.waitFor({ state: 'detached', ...SLOW })
    await terminate(daemon, [made!.InstanceId!])

    await page.getByRole('link', { name: 'Recovery points' }).click()
    await page.getByRole('button', { name: / as of / }).click(SLOW)
    await page.getByRole('button', { name: 'Look inside' }).click()
    const dialog = page.getByRole('dialog')
    const open = (name: string | RegExp) => dialog.getByRole('button', { name }).click(SLOW)
    await open('xvda/')
    await open('var/')
    await open('kept/')
    await dialog.getByRole('button', { name: 'Download big' }).waitFor(SLOW)
    const folder = process.env['BRUME_PICTURES']
    if (folder) await page.screenshot({ path: join(folder, '8-files.png') })
    const big = await downloaded('big')
    expect(createHash('sha256').update(big.bytes).digest('hex')).toBe(digest)
    expect(big.name).toBe('big')
    expect((await downloaded('empty')).bytes.length).toBe(0)
    for (const name of ODD) {
      const { bytes, name: saved } = await downloaded(name)
      expect(bytes.toString()).toBe(Buffer.from(name).toString('base64'))
      // The browser makes a name of it that the file system takes; it leads nowhere else.
      expect(saved).not.toMatch(/[/\u202e]/)
    }
    expect(page.complaints).toEqual([])
  },
  10 * MINUTE_MS,
)

async function downloaded(name: string): Promise<{ bytes: Buffer; name: string }> {
  const coming = page.waitForEvent('download', SLOW)
  await page.getByRole('button', { name: `Download ${visibleName(name)}`, exact: true }).click()
  const download = await coming
  return { bytes: await readFile(await download.path()), name: download.suggestedFilename() }
}
