/** A hypervisor reached over TLS: who it is and who we are by certificates, disks over QEMU's own encrypted port. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createLibvirtConnector,
  type LibvirtConnector,
} from '../../src/connectors/libvirt/connector.ts'
import { PORT_FIRST, PORTS } from '../../src/connectors/libvirt/tls.ts'
import type { HypervisorCertificates, HypervisorConnection } from '../../src/domain/hypervisor.ts'
import { silentLog } from '../../src/lib/log.ts'
import { authority, certified } from '../support/certificates.ts'
import { connectionTo, farDiskRead, farHome, farMachine } from '../support/far-machine.ts'
import { startLibvirtd, type Libvirtd } from '../support/libvirtd.ts'

const PORT = 16_514
const MIB = 1024 * 1024
const signal = new AbortController().signal

let libvirt: Libvirtd
let home: string
let connector: LibvirtConnector
let uuid: string
let ours: HypervisorCertificates
beforeAll(async () => {
  ;({ home, connector } = await farHome())
  const pki = join(home, 'pki')
  await authority(pki)
  ours = await certified(pki, 'client', 'clientAuth')
  await certified(pki, 'server', 'serverAuth', 'IP:127.0.0.1')
  libvirt = await startLibvirtd({ folder: pki, port: PORT })
  uuid = await farMachine(libvirt, home)
  await libvirt.virsh('start', uuid)
})
afterAll(async () => {
  await libvirt?.[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

const over = (certificates: HypervisorCertificates | null): HypervisorConnection =>
  connectionTo(`qemu+tls://127.0.0.1:${PORT}/system`, certificates)

const requestOf = (pointId: string, token: string | null) => ({
  ...{ machineId: uuid, vaultId: 'v', pointId, token, isQuiesced: false },
})

/** Ports that another program has. */
async function taken(count: number): Promise<Server[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ready = servers.map(
    (server, index) =>
      new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(PORT_FIRST + index * 2, '127.0.0.1', resolve)
      }),
  )
  await Promise.all(ready)
  return servers
}

test('who it is and who we are is told by certificates', async () => {
  expect(await connector.test(over(ours), signal)).toMatchObject({ state: 'online' })
  expect(await connector.test(over(null), signal)).toMatchObject({ state: 'error' })
  await authority(join(home, 'other'))
  const stranger = await certified(join(home, 'other'), 'client', 'clientAuth')
  for (const wrong of [
    { ...ours, authority: stranger.authority },
    { ...stranger, authority: ours.authority },
  ]) {
    expect(await connector.test(over(wrong), signal)).toMatchObject({ state: 'error' })
  }
})

test('disks are read over TLS, then what changed, whatever ports are taken', async () => {
  const others = await taken(PORTS / 2)
  try {
    const first = await connector.open(over(ours), requestOf('p1', null), signal)
    await farDiskRead(first, signal)
    const { token } = await first.finish(true)
    expect(await libvirt.virsh('checkpoint-list', uuid, '--name')).toContain(token)

    await libvirt.guestWrites(uuid, 'vda', 6, '3M', '64k')
    const second = await connector.open(over(ours), requestOf('p2', token), signal)
    expect(second.message).toBeNull()
    const changed: object[] = []
    for await (const range of second.disks[0]!.reader.changed!(signal)) changed.push(range)
    expect(changed).toEqual([{ start: 3 * MIB, length: 64 * 1024 }])
    await second.finish(true)
  } finally {
    for (const server of others) server.close()
  }
})

test('jobs that a killed daemon left are known and ended, though they have no socket', async () => {
  const left = await connector.open(over(ours), requestOf('p3', null), signal)
  expect(left.disks).toHaveLength(1)
  const again = createLibvirtConnector({ home, log: silentLog })
  const next = await again.open(over(ours), requestOf('p4', null), signal)
  await next.finish(true)
  await left.finish(false)
})

test('a QEMU that lets in whoever comes is not backed up', async () => {
  await writeFile(
    '/etc/libvirt/qemu.conf',
    `${await readFile('/etc/libvirt/qemu.conf', 'utf8')}\nbackup_tls_x509_verify = 0\n`,
  )
  await libvirt.stop()
  await libvirt.start()
  const opened = connector.open(over(ours), requestOf('p5', null), signal)
  await expect(opened).rejects.toThrow(/to anybody: set backup_tls_x509_verify = 1/)
  expect(await libvirt.virsh('domjobinfo', uuid)).toContain('None')
})
