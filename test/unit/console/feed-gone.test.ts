/** A console that is gone before it is let in to the changes leaves nothing behind. */
import { once } from 'node:events'
import { createServer, get, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { createConsoleApi } from '../../../src/api/console/api.ts'
import { silentLog } from '../../../src/lib/log.ts'

type Options = Parameters<typeof createConsoleApi>[0]

const server = createServer()
afterEach(() => server.close())

test('a page that is closed while it is asked for is not listened for', async () => {
  const arrived = Promise.withResolvers<ServerResponse>()
  const subscribe = vi.fn<Options['feed']['subscribe']>(() => () => {})
  const serve = createConsoleApi({
    callerOf: async () => ({ principal: {} }),
    authorise: async () => void (await once(await arrived.promise, 'close')),
    feed: { subscribe },
    log: silentLog,
  } as unknown as Options)
  const served = Promise.withResolvers<void>()
  server.on('request', (request, response) => {
    arrived.resolve(response)
    serve(request, response).then(served.resolve, served.reject)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const request = get({ port, host: '127.0.0.1', path: '/api/console/events' })
  request.on('error', () => {})
  await arrived.promise
  request.destroy()
  await served.promise
  expect(subscribe).not.toHaveBeenCalled()
})
