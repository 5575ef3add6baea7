/**
 * A page of another origin in a real browser, before a cloud that checks no signatures: nothing that it shows, frames,
 * links to, fetches or posts is done. What somebody types into the address is.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Request } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operation } from '../../src/aws/operation.ts'
import { browserLaunch, pageOf } from '../support/browser.ts'
import { startEdge, type Edge } from '../unit/aws/edge-harness.ts'

let edge: Edge
let browser: Browser
const done: string[] = []
const foreign = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/html' })
  response.end(page())
})

beforeAll(async () => {
  const make = operation<'ec2', 'CreateKeyPair'>({
    handle: async (_ctx, { KeyName = '' }) => {
      done.push(KeyName)
      return {}
    },
  })
  edge = await startEdge({
    auth: { mode: 'open' },
    operations: { 'ec2/CreateKeyPair': make },
  })
  browser = await browserLaunch()
  foreign.listen(0, '127.0.0.1')
  await once(foreign, 'listening')
})
afterAll(async () => {
  await browser.close()
  foreign.close()
  await edge[Symbol.asyncDispose]()
})

const asking = (name: string): string =>
  `${edge.url}/?Action=CreateKeyPair&Version=2016-11-15&KeyName=${name}`

const ASKED = ['picture', 'frame', 'script', 'style', 'fetch', 'beacon']

const page = (): string => `<!doctype html><title>elsewhere</title>
  <img src="${asking('picture')}"><iframe src="${asking('frame')}"></iframe>
  <link rel=stylesheet href="${asking('style')}"><script src="${asking('script')}"></script>
  <a id=link href="${asking('link')}">a prize</a>
  <form id=form method=post action="${edge.url}/"><input name=Action value=CreateKeyPair>
  <input name=Version value=2016-11-15><input name=KeyName value=form></form>
  <script>
    fetch("${asking('fetch')}", { mode: 'no-cors' }).catch(() => {})
    navigator.sendBeacon("${asking('beacon')}", new URLSearchParams({ Action: 'CreateKeyPair' }))
  </script>`

// Another port of the same host is the same site, another name of it another.
test.each(['127.0.0.1', 'localhost'])('nothing is done for a page at %s', async (host) => {
  const tab = await pageOf(browser)
  const ended = new Set<string | null>()
  const end = (request: Request): unknown =>
    ended.add(new URL(request.url()).searchParams.get('KeyName'))
  tab.on('requestfinished', end)
  tab.on('requestfailed', end)
  const address = `http://${host}:${(foreign.address() as AddressInfo).port}/`
  await tab.goto(address)
  await expect.poll(() => ASKED.filter((name) => !ended.has(name))).toEqual([])
  await tab.click('#link')
  await tab.waitForURL(/KeyName=link/)
  await tab.goto(address)
  await tab.evaluate(`document.getElementById('form').submit()`)
  await tab.waitForURL(`${edge.url}/`)
  expect(done).toEqual([])
  await tab.context().close()
})

test('an address that somebody typed is asked', async () => {
  const tab = await pageOf(browser)
  await tab.goto(asking('typed'))
  expect(done).toEqual(['typed'])
  await tab.context().close()
})
