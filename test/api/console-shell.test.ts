/** A shell in the browser: WebSocket to SSH, tried on a real SSH server that plays the guest, on loopback. */
import ssh2 from 'ssh2'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createSerialHub } from '../../src/api/console/serial.ts'
import { fingerprintOf, privateKeyCheck, shellOpener } from '../../src/api/console/shell.ts'
import { sshBannerAwait } from '../../src/api/console/ssh-banner.ts'
import { createStreams, type Streams } from '../../src/api/console/streams.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'

const { Server: SshServer, utils } = ssh2
const userKey = utils.generateKeyPairSync('ed25519')
const otherKey = utils.generateKeyPairSync('ed25519')
const hostKey = utils.generateKeyPairSync('ed25519')

let guest: InstanceType<typeof SshServer>
let server: Server
let streams: Streams
let url: string
let sizes: string[]

const soon = (look: () => void): Promise<void> => vi.waitFor(look, { timeout: 5_000, interval: 10 })

beforeAll(async () => {
  sizes = []
  guest = new SshServer({ hostKeys: [hostKey.private] }, guestOf)
  await new Promise<void>((resolve) => guest.listen(0, '127.0.0.1', resolve))
  streams = createStreams({ clock: systemClock, log: silentLog })
  server = createServer()
  server.on('upgrade', streams.upgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  streams.close()
  server.close()
  guest.close()
})

/** Lets `ec2-user` in by the key, has a shell that answers `uname -a`, ends at `exit`. */
function guestOf(client: ssh2.Connection): void {
  const known = utils.parseKey(userKey.public) as ssh2.ParsedKey
  client.on('error', () => {})
  client.on('authentication', (context) => {
    const isKey = context.method === 'publickey' && context.key.data.equals(known.getPublicSSH())
    if (isKey && context.username === 'ec2-user') context.accept()
    else context.reject(['publickey'])
  })
  client.on('session', (accept) => {
    const session = accept()
    session.on('pty', (acceptPty, _reject, info) => {
      sizes.push(`${info.cols}x${info.rows}`)
      acceptPty()
    })
    session.on('window-change', (_accept, _reject, info) => sizes.push(`${info.cols}x${info.rows}`))
    session.on('shell', (acceptShell) => {
      const channel = acceptShell()
      channel.write('$ ')
      channel.on('data', (data: Buffer) => {
        const line = data.toString().trim()
        if (line === 'exit') return channel.end()
        channel.write(line === 'uname -a' ? 'Linux guest\r\n$ ' : `${line}?\r\n$ `)
      })
    })
  })
}

const dial = () => connect((guest.address() as AddressInfo).port, '127.0.0.1')

function shell(privateKey: string, user = 'ec2-user', until: number | null = null) {
  const request = { address: '192.0.2.1', user, privateKey, dial }
  const name = streams.ticket(shellOpener(request), until)
  const address = `${url.replace('http', 'ws')}/api/console/streams/${name}?columns=100&rows=30`
  const socket = new WebSocket(address, { headers: { origin: url } })
  const heard = { text: '', words: [] as object[], closed: 0 }
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) heard.text += data.toString()
    else heard.words.push(JSON.parse(data.toString()) as object)
  })
  socket.on('close', (code) => (heard.closed = code))
  return { socket, heard }
}

test('what is typed reaches the shell, what it says comes back, its size follows the window', async () => {
  const { socket, heard } = shell(userKey.private)
  await soon(() => expect(heard.text).toContain('$ '))
  expect(heard.words).toEqual([{ status: 'connected' }])
  socket.send(Buffer.from('uname -a\n'))
  await soon(() => expect(heard.text).toContain('Linux guest'))
  socket.send(JSON.stringify({ resize: [120, 40] }))
  socket.send(JSON.stringify({ resize: [-1, 'x'] }))
  await soon(() => expect(sizes).toEqual(['100x30', '120x40']))
  socket.send(Buffer.from('exit\n'))
  await soon(() => expect(heard.closed).toBe(1000))
})

test('a key that the guest does not take is refused in words', async () => {
  const { heard } = shell(otherKey.private)
  await soon(() => expect(heard.closed).toBe(4000))
  expect(JSON.stringify(heard.words)).toContain('does not take this key for ec2-user')
})

test('an address that is none is refused like one that leads nowhere', async () => {
  for (const path of ['//', '/api/console/elsewhere']) {
    const raw = connect((server.address() as AddressInfo).port, '127.0.0.1')
    raw.write(
      `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
    )
    const answer = await new Promise<string>((resolve) =>
      raw.once('data', (data: Buffer) => resolve(data.toString())),
    )
    raw.destroy()
    expect(answer).toContain('404 Not Found')
  }
})

test('a machine that does not read holds up who types, and nothing is heaped up', async () => {
  let takenBytes = 0
  let release = (): void => {}
  const deaf = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      takenBytes += chunk.length
      release = done
    },
  })
  const name = streams.ticket(async () => ({ stream: deaf }), null)
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/console/streams/${name}`, {
    headers: { origin: url },
  })
  await new Promise((resolve) => socket.once('message', resolve))
  const piece = Buffer.alloc(256 * 1024)
  for (let count = 0; count < 256; count++) socket.send(piece)
  await soon(() => expect(takenBytes).toBe(piece.length))
  // All that loopback holds was sent: the rest waits on the sender's side.
  let before = -1
  await vi.waitFor(
    () => {
      const waiting = socket.bufferedAmount
      const isStill = waiting === before
      before = waiting
      expect(isStill).toBe(true)
    },
    { timeout: 10_000, interval: 200 },
  )
  expect(deaf.writableLength).toBeLessThan(2 * 1024 * 1024)
  expect(socket.bufferedAmount).toBeGreaterThan(16 * 1024 * 1024)
  release()
  await soon(() => expect(takenBytes).toBeGreaterThan(piece.length))
  socket.terminate()
})

test('who does not read a serial console is let go, the others go on', async () => {
  const upstream = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
  const hub = createSerialHub()
  const source = { connect: async () => upstream, history: async () => null }
  const idle = await hub.open('i-1', source)
  const reader = await hub.open('i-1', source)
  let readBytes = 0
  reader.on('data', (chunk: Buffer) => (readBytes += chunk.length))
  const piece = Buffer.alloc(64 * 1024)
  for (let count = 0; count < 80; count++) {
    upstream.push(piece)
    await soon(() => expect(readBytes).toBe((count + 1) * piece.length))
  }
  expect(idle.destroyed).toBe(true)
  expect(reader.destroyed).toBe(false)
  reader.destroy()
})

test('the end of the session is the end of the shell', async () => {
  const { heard } = shell(userKey.private, 'ec2-user', Date.now() + 2_000)
  await soon(() => expect(heard.text).toContain('$ '))
  await soon(() => expect(heard.closed).toBe(4001))
})

test('keys are looked at before anybody is called', async () => {
  await privateKeyCheck(userKey.private, undefined)
  await expect(privateKeyCheck(userKey.public, undefined)).rejects.toThrow('public key')
  await expect(privateKeyCheck('nonsense', undefined)).rejects.toThrow('no private key')
  const locked = utils.generateKeyPairSync('ed25519', {
    passphrase: 'open sesame',
    cipher: 'aes256-cbc',
    rounds: 16,
  })
  await privateKeyCheck(locked.private, 'open sesame')
  await expect(privateKeyCheck(locked.private, undefined)).rejects.toThrow('passphrase is needed')
  await expect(privateKeyCheck(locked.private, 'wrong')).rejects.toThrow('passphrase is wrong')
})

test('an SSH server is noticed when it answers, and a fingerprint is as ssh-keygen writes it', async () => {
  const banner = await sshBannerAwait('192.0.2.1', AbortSignal.timeout(5_000), dial)
  expect(banner).toMatch(/^SSH-2\.0-/)
  const nobody = () => connect(1, '127.0.0.1')
  expect(await sshBannerAwait('192.0.2.1', AbortSignal.timeout(300), nobody)).toBeNull()
  const key = utils.parseKey(hostKey.public) as ssh2.ParsedKey
  expect(fingerprintOf(key.getPublicSSH())).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/)
})
