/**
 * How quick the console is with thousands of instances, in Chromium: `node test/support/quickness.ts [INSTANCES]`.
 * First load with a cold cache (bytes, first paint, first rows, everything), a key in the filter until the frame that
 * shows it, a change by the API until the frame that shows it, scrolling. Figures come from the page's own clock; the
 * daemon with its simulated hosts, the browser and what drives it are three processes.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { loadavg, cpus } from 'node:os'
import { gzipSync } from 'node:zlib'
import { EC2 } from '@aws-sdk/client-ec2'
import type { Browser, CDPSession } from 'playwright-core'
import { silentLog } from '../../src/lib/log.ts'
import { createConsoleSource } from '../../src/main/console-source.ts'
import { browserLaunch, consoleBuilt, pageOf, type ConsolePage } from './browser.ts'
import { startConsoleCloud, type ConsoleCloud } from './console.ts'

const COUNT = Number(process.argv[2] ?? 5_000)
const LAUNCH_MAX = 250
const LOADS = 4
const CHANGES = 20
const WORDS = ['web-4', 'db-17', 'worker', 'i-0ab', '172.31.22', 'batch-12']

interface Served {
  url: string
  ids: string[]
  /** Sign in once each, within a minute. */
  links: string[]
  credentials: { accessKeyId: string; secretAccessKey: string }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
/** Runs before everything else in the page. `after` is called when the frame that is being made has been shown. */
const WATCH = `
  window.quick = { blocked: 0 }
  window.afterPaint = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => then(performance.now())
    port2.postMessage(0)
  })
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      if (one.name === 'first-contentful-paint') quick.paint = one.startTime
    }
  }).observe({ type: 'paint', buffered: true })
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) if (!quick.all) quick.blocked += duration - 50
  }).observe({ type: 'longtask', buffered: true })
  const count = () => Number(document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') ?? 1) - 1
  const look = () => {
    if (!quick.frame && document.querySelector('header.topbar')) afterPaint((at) => (quick.frame ??= at))
    if (!quick.rows && count() > 0) {
      quick.rows = 1
      afterPaint((at) => {
        quick.rows = at
        // Interactive: a task that was asked for after the rows were shown has had its turn.
        setTimeout(() => (quick.idle = performance.now()), 0)
      })
    }
    if (count() >= ${COUNT}) afterPaint((at) => (quick.all ??= at))
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
`

const source = (home: { cache: string }) =>
  createConsoleSource({ cacheFolder: home.cache, log: silentLog })
if (process.send) await serve(process.send.bind(process))
else await measure()

/** As the child: the cloud with its instances, until the parent goes. */
async function serve(send: (message: Served) => void): Promise<void> {
  const size = { cpuCount: COUNT * 4, memoryMiB: COUNT * 2048 }
  const cloud = await startConsoleCloud({ source, delayMs: 20, ...size })
  process.once('disconnect', () => void cloud.close())
  await consoleBuilt(cloud.url)
  const ids = await launched(cloud)
  const links: string[] = []
  for (let n = 0; n < LOADS; n++) {
    const answer = await cloud.signed('POST', '/api/console/link', {})
    links.push(((await answer.json()) as { token: string }).token)
  }
  const { accessKeyId, secretAccessKey } = cloud.root
  send({ url: cloud.url, ids, links, credentials: { accessKeyId, secretAccessKey } })
}

async function measure(): Promise<void> {
  const child = fork(import.meta.filename, process.argv.slice(2))
  const browser = await browserLaunch()
  try {
    const [served] = (await once(child, 'message')) as [Served]
    const { url, ids, links, credentials } = served
    const ec2 = new EC2({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 })
    say(`${COUNT} instances; ${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}`)
    for (const [n, link] of links.entries()) {
      const page = await load(browser, { url, link, isFirst: n === 0 })
      if (n + 1 === links.length) {
        await keys(page)
        await changes(ec2, page, ids)
        await scrolling(page)
      }
      await page.context().close()
    }
    ec2.destroy()
    say(`load ${loadavg()[0]!.toFixed(1)} at the end`)
  } finally {
    await browser.close()
    child.disconnect()
  }
}

async function launched({ ec2, cloud: { app } }: ConsoleCloud): Promise<string[]> {
  const { Images } = await ec2.describeImages({})
  // One subnet has 4,091 addresses.
  const subnets = (await ec2.describeSubnets({})).Subnets!
  const ids: string[] = []
  const kinds = ['web', 'db', 'worker', 'batch']
  while (ids.length < COUNT) {
    const count = Math.min(LAUNCH_MAX, COUNT - ids.length)
    const lot = Math.floor(ids.length / LAUNCH_MAX)
    const Value = `${kinds[lot % kinds.length]}-${lot}`
    const { Instances } = await ec2.runInstances({
      ImageId: Images![0]!.ImageId!,
      InstanceType: 't3.nano',
      SubnetId: subnets[lot % subnets.length]!.SubnetId,
      MinCount: count,
      MaxCount: count,
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value }] }],
    })
    ids.push(...Instances!.map((one) => one.InstanceId!))
  }
  await app.settled()
  return ids
}

/** A fresh browser context each time: nothing is cached. The address signs in by a one-time link. */
async function load(
  browser: Browser,
  { url, link, isFirst }: { url: string; link: string; isFirst: boolean },
): Promise<ConsolePage> {
  const page = await pageOf(browser, { width: 1440, height: 900, isDark: false })
  const bytes = await countBytes(await page.context().newCDPSession(page))
  await page.addInitScript(WATCH)
  await page.goto(`${url}/console/instances#link=${link}`)
  await page.evaluate(`new Promise((resolve) => {
    const look = () => (quick.all ? resolve() : requestAnimationFrame(look))
    look()
  })`)
  const quick = (await page.evaluate('window.quick')) as Record<string, number>
  if (isFirst) {
    const gzipped = await gzippedOf(page, url)
    say(`first load: ${bytes()} of files as sent, ${gzipped}`)
  }
  const ms = (name: string): string => `${name} ${Math.round(quick[name] ?? -1)}`
  say(`  ms: ${['paint', 'frame', 'rows', 'idle', 'all', 'blocked'].map(ms).join(', ')}`)
  return page
}

/** Of the console's own files; what the API answers depends on how much there is. */
async function countBytes(cdp: CDPSession): Promise<() => string> {
  const names = new Map<string, string>()
  let total = 0
  let files = 0
  await cdp.send('Network.enable')
  cdp.on('Network.requestWillBeSent', ({ requestId, request }) =>
    names.set(requestId, request.method === 'GET' ? new URL(request.url).pathname : '/api/'),
  )
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if ((names.get(requestId) ?? '/api/').startsWith('/api/')) return
    total += encodedDataLength
    files += 1
  })
  return () => `${files} files, ${(total / 1000).toFixed(0)} KB`
}

async function gzippedOf(page: ConsolePage, url: string): Promise<string> {
  const names = (await page.evaluate(
    `performance.getEntriesByType('resource').map((one) => one.name).filter((one) => /\\.(js|css|svg)$/.test(one))`,
  )) as string[]
  let total = 0
  for (const name of [`${url}/`, ...names]) {
    const headers = { accept: 'text/html', 'accept-encoding': 'identity' }
    const answer = await fetch(name, { headers })
    total += gzipSync(Buffer.from(await answer.arrayBuffer())).length
  }
  return `${(total / 1000).toFixed(0)} KB of bodies alone were they gzipped`
}

async function keys(page: ConsolePage): Promise<void> {
  await page.getByRole('combobox').focus()
  await page.evaluate(`
    window.keys = []
    const grid = document.querySelector('[role=grid]')
    document.addEventListener('keydown', (event) => {
      const before = grid.getAttribute('aria-rowcount') + grid.querySelector('.body').textContent
      const look = () => {
        const now = grid.getAttribute('aria-rowcount') + grid.querySelector('.body').textContent
        if (now !== before) afterPaint((at) => keys.push(at - event.timeStamp))
        else if (performance.now() - event.timeStamp < 200) requestAnimationFrame(look)
        else keys.push(null)
      }
      requestAnimationFrame(look)
    }, true)
  `)
  for (const word of WORDS) {
    for (const key of word) {
      await page.keyboard.press(key)
      await page.waitForTimeout(250)
    }
    for (const _ of word) {
      await page.keyboard.press('Backspace')
      await page.waitForTimeout(250)
    }
  }
  const found = (await page.evaluate('keys')) as (number | null)[]
  const seen = found.filter((one) => one !== null)
  say(`key to frame: ${spread(seen)} (${found.length - seen.length} keys changed nothing)`)
}

async function changes(ec2: EC2, page: ConsolePage, ids: readonly string[]): Promise<void> {
  const drawn = (await page.evaluate(
    `[...document.querySelectorAll('[role=grid] .body a')].map((one) => one.textContent)`,
  )) as string[]
  const fromSent: number[] = []
  const fromAnswer: number[] = []
  for (let n = 0; n < CHANGES; n++) {
    // What is drawn is what can be seen to change.
    const id = drawn[n]!
    const shown = page.evaluate(`new Promise((resolve) => {
      const row = [...document.querySelectorAll('[role=row]')].find((one) => one.textContent.includes('${id}'))
      const before = row.textContent
      const look = () => row.textContent === before ? requestAnimationFrame(look)
        : afterPaint((at) => resolve(performance.timeOrigin + at))
      look()
    })`) as Promise<number>
    const sentAt = performance.timeOrigin + performance.now()
    await ec2.stopInstances({ InstanceIds: [id] })
    const answeredAt = performance.timeOrigin + performance.now()
    const at = await shown
    fromSent.push(at - sentAt)
    fromAnswer.push(at - answeredAt)
    await page.waitForTimeout(300)
  }
  say(`a change, from sending StopInstances to the frame: ${spread(fromSent)}`)
  say(`  from its answer: ${spread(fromAnswer)}`)
  const many = ids.filter((id) => !drawn.includes(id)).slice(0, 300)
  const before = performance.now()
  await ec2.stopInstances({ InstanceIds: many })
  await page.getByRole('combobox').fill('Instance state = stopped')
  await page.keyboard.press('Enter')
  await page.getByText(`(${many.length + CHANGES} of `).waitFor()
  say(`  300 at once: all shown stopped after ${Math.round(performance.now() - before)} ms`)
  await page.getByRole('button', { name: 'Clear filters' }).click()
}

async function scrolling(page: ConsolePage): Promise<void> {
  const frames = (await page.evaluate(`new Promise((resolve) => {
    const grid = document.querySelector('[role=grid]')
    const frames = []
    let last = performance.now()
    const step = (now) => {
      frames.push(now - last)
      last = now
      grid.scrollTop += 900
      if (frames.length < 120) requestAnimationFrame(step)
      else resolve(frames.slice(1))
    }
    requestAnimationFrame(step)
  })`)) as number[]
  const rows = await page.evaluate(
    `document.querySelectorAll('[role=grid] .body [role=row]').length`,
  )
  say(`scrolling 900 pixels a frame: ${spread(frames)} a frame, ${String(rows)} rows drawn`)
  const heap = (await page.evaluate('performance.memory.usedJSHeapSize')) as number
  say(`heap of the page: ${Math.round(heap / 2 ** 20)} MiB`)
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * part)]!)
  return `${at(0)} to ${at(1)} ms, median ${at(0.5)}, 95th percentile ${at(0.95)}, n ${sorted.length}`
}
