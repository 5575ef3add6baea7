/** A hypervisor reached over ssh: by Brume's own key and known hosts, disks through a forwarded socket. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LibvirtConnector } from '../../src/connectors/libvirt/connector.ts'
import type { HypervisorConnection } from '../../src/domain/hypervisor.ts'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from '../support/eventually.ts'
import { connectionTo, farDiskRead, farHome, farMachine } from '../support/far-machine.ts'
import { startLibvirtd, type Libvirtd } from '../support/libvirtd.ts'

const PORT = 2_222
const signal = new AbortController().signal

let libvirt: Libvirtd
let sshd: ChildProcess
let home: string
let connector: LibvirtConnector
let connection: HypervisorConnection
beforeAll(async () => {
  libvirt = await startLibvirtd()
  ;({ home, connector } = await farHome())
  connection = connectionTo(`qemu+ssh://127.0.0.1:${PORT}/system`)
  await mkdir('/run/sshd', { recursive: true })
  await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, 'host_key')])
  await writeFile(join(home, 'authorized'), '', { mode: 0o600 })
  const config = [
    `Port ${PORT}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(home, 'host_key')}`,
    `AuthorizedKeysFile ${join(home, 'authorized')}`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'StrictModes no',
    'UsePAM no',
    `PidFile ${join(home, 'sshd.pid')}`,
  ]
  await writeFile(join(home, 'sshd_config'), `${config.join('\n')}\n`)
  sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(home, 'sshd_config')], {
    stdio: 'ignore',
  })
  await eventually(isListening, Boolean, 20_000)
})
afterAll(async () => {
  sshd?.kill('SIGTERM')
  await libvirt?.[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

function isListening(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(PORT, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

test('without its key it is let in nowhere; with it, machines are listed and read', async () => {
  const refused = await connector.test(connection, signal)
  expect(refused).toMatchObject({ state: 'error' })
  const key = await connector.sshKey()
  expect(key).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+ brume-backup-gateway$/)
  await writeFile(join(home, 'authorized'), `${key}\n`)
  expect(await connector.test(connection, signal)).toMatchObject({ state: 'online' })
  // Held to this host key from now on.
  const known = await readFile(join(home, 'connectors', 'known_hosts'), 'utf8')
  expect(known).toContain(`[127.0.0.1]:${PORT}`)

  const uuid = await farMachine(libvirt, home)
  const { machines } = await connector.machines(connection, signal)
  expect(machines.map(({ name }) => name)).toEqual(['far'])
  const request = { machineId: uuid, vaultId: 'v', pointId: 'p', token: null, isQuiesced: false }
  // Files of another host can be read only by the machine that has them open.
  await expect(connector.open(connection, request, signal)).rejects.toThrow(/shut off/)

  await libvirt.virsh('start', uuid)
  const session = await connector.open(connection, request, signal)
  await farDiskRead(session, signal)
  const { token } = await session.finish(true)
  expect(await libvirt.virsh('checkpoint-list', uuid, '--name')).toContain(token)
})

test('another host key in its place is refused', async () => {
  const file = join(home, 'connectors', 'known_hosts')
  const other = join(home, 'other_key')
  await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other])
  const [type, key] = (await readFile(`${other}.pub`, 'utf8')).split(' ')
  await writeFile(file, `[127.0.0.1]:${PORT} ${type} ${key}\n`)
  expect(await connector.test(connection, signal)).toMatchObject({
    state: 'error',
    reason: expect.stringContaining('host key has just been changed') as string,
  })
})
