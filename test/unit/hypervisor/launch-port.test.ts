/** The line to a guest, with a guest on the other side that may say anything. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { launchPortOpen, type LaunchPort } from '../../../src/hypervisor/qemu/launch-port.ts'
import { TimeoutError } from '../../../src/lib/time.ts'

const SOON_MS = 5_000

let folder: string
let path: string
let server: Server
let guest: Socket
let port: LaunchPort
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-launch-port-'))
  path = join(folder, 'launch.sock')
  server = createServer()
  server.listen(path)
  await once(server, 'listening')
  const connected = once(server, 'connection')
  port = await launchPortOpen(path)
  guest = ((await connected) as [Socket])[0]
})
afterEach(async () => {
  port.close()
  guest.destroy()
  server.close()
  await rm(folder, { recursive: true })
})

test('the word that is waited for, in pieces, and what follows it is kept for the next', async () => {
  const ready = port.expect('frozen-ready', SOON_MS)
  guest.write('frozen-')
  guest.write('ready\r\nlaunched\n')
  await ready
  await port.expect('launched', SOON_MS)
})

test('what was said before anybody waited is heard', async () => {
  guest.write('frozen-ready\n')
  await port.expect('frozen-ready', SOON_MS)
})

test('what the guest says after the word is the answer, and a longer word is another', async () => {
  guest.write('frozen-ready 1b4e28ba\nfrozen-ready-not\n')
  expect(await port.expect('frozen-ready', SOON_MS)).toBe('1b4e28ba')
  await expect(port.expect('frozen-ready', SOON_MS)).rejects.toThrow("says 'frozen-ready-not'")
})

test('bytes arrive as they were sent', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
  const heard = once(guest, 'data')
  port.send(bytes)
  expect((await heard)[0]).toEqual(bytes)
})

test('another word is an error that quotes the guest', async () => {
  guest.write('refused\n')
  await expect(port.expect('launched', SOON_MS)).rejects.toThrow(
    "the guest says 'refused', not 'launched'",
  )
})

test('a guest that says nothing is given up, and may still be waited for again', async () => {
  await expect(port.expect('launched', 20)).rejects.toThrow(TimeoutError)
  guest.write('launched\n')
  await port.expect('launched', SOON_MS)
})

test('nobody waits for a machine that nobody wants any more', async () => {
  const reason = new Error('the machine is not wanted any more')
  const controller = new AbortController()
  const waiting = port.expect('launched', SOON_MS, controller.signal)
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(port.expect('launched', SOON_MS, controller.signal)).rejects.toBe(reason)
})

test('a line that is lost ends the wait at once, and every later one', async () => {
  const waiting = port.expect('launched', SOON_MS)
  guest.write('laun')
  guest.destroy()
  await expect(waiting).rejects.toThrow('the line to the guest was lost')
  await expect(port.expect('launched', SOON_MS)).rejects.toThrow('lost')
})

test('the last word before the line ended counts', async () => {
  guest.end('launched\n')
  await once(guest, 'close')
  await port.expect('launched', SOON_MS)
})

test('a guest that talks without end is cut off', async () => {
  guest.on('error', () => {})
  const cut = once(guest, 'close')
  guest.write('x'.repeat(5_000))
  await expect(port.expect('launched', SOON_MS)).rejects.toThrow('the guest talks without end')
  await cut
})

test('nobody listening is an error', async () => {
  await expect(launchPortOpen(join(folder, 'none.sock'))).rejects.toThrow('ENOENT')
})
