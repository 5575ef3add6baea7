/** The arguments of ssh, and knowing an SSH server when one answers. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { sshArguments, sshBanner } from '../../../src/cli/ssh.ts'

const TARGET = {
  home: '/home',
  instanceId: 'i-0123456789abcdef0',
  address: '100.64.0.5',
  user: 'admin',
  identityPath: '/home/keys/brume-cli',
}

test('a command is one quoted word after the address, without a terminal in scripts', () => {
  const args = sshArguments(TARGET, ['sh', '-c', 'echo "a b"'], { hasTerminal: false })
  expect(args.slice(-4)).toEqual(['-T', 'admin@100.64.0.5', '--', `sh -c 'echo "a b"'`])
  expect(args).toContain('HostKeyAlias=i-0123456789abcdef0')
  expect(args).toContain('UserKnownHostsFile=/home/keys/known_hosts')
  expect(args).toContain('StrictHostKeyChecking=accept-new')
})

test('a shell has no command', () => {
  expect(sshArguments(TARGET, [], { hasTerminal: true }).at(-1)).toBe('admin@100.64.0.5')
})

async function bannerOf(answer: (socket: Socket) => void): Promise<string | undefined> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await sshBanner('127.0.0.1', (server.address() as AddressInfo).port)
  } finally {
    server.close()
  }
}

test('a banner in pieces, after other lines', async () => {
  const banner = await bannerOf((socket) => {
    socket.write('hello\r\nSSH-2.0-')
    setImmediate(() => socket.end('dropbear_2022.83\r\n'))
  })
  expect(banner).toMatch(/^SSH-2\.0-/)
})

test('something else on the port, or a door that closes, is no SSH server', async () => {
  expect(await bannerOf((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))).toBeUndefined()
  expect(await bannerOf((socket) => socket.destroy())).toBeUndefined()
  expect(await bannerOf((socket) => socket.write('x'.repeat(4096)))).toBeUndefined()
})
