/** A hypervisor reached over TLS: who it is and who we are by certificates, disks over QEMU's own encrypted port. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createLibvirtConnector,
  type LibvirtConnector,
} from '../../src/connectors/libvirt/connector.ts'
import { PORT_FIRST, PORTS } from '../../src/connectors/libvirt/tls.ts'
import type { HypervisorCertificates, HypervisorConnection } from '../../src/domain/hypervisor.ts'
import { addressParse } from '../../src/domain/hypervisor-address.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
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
  home = await mkdtemp(join(tmpdir(), 'brume-tls-'))
  await exec('chmod', ['755', home])
  await authority('pki')
  ours = await certified('pki', 'client', 'clientAuth')
  await certified('pki', 'server', 'serverAuth', 'IP:127.0.0.1')
  libvirt = await startLibvirtd({ folder: join(home, 'pki'), port: PORT })
  connector = createLibvirtConnector({ home, log: silentLog })
  const path = join(home, 'vda.qcow2')
  await exec('qemu-img', ['create', '-f', 'qcow2', path, String(16 * MIB)])
  await exec('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 1M', path])
  uuid = await libvirt.define('far', [{ target: 'vda', path, format: 'qcow2' }])
  await libvirt.virsh('start', uuid)
})
afterAll(async () => {
  await libvirt?.[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

async function openssl(...args: string[]): Promise<void> {
  await exec('openssl', args)
}

/** By the names that QEMU looks for. */
async function authority(folder: string): Promise<void> {
  const at = (name: string): string => join(home, folder, name)
  await mkdir(join(home, folder))
  await openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=authority'],
    ...['-keyout', at('ca-key.pem'), '-out', at('ca-cert.pem')],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  )
}

async function certified(
  folder: string,
  name: string,
  use: string,
  alternative = 'DNS:of.test',
): Promise<HypervisorCertificates> {
  const at = (file: string): string => join(home, folder, file)
  const extensions = at(`${name}.cnf`)
  const lines = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature,keyEncipherment',
    `extendedKeyUsage=${use}`,
    `subjectAltName=${alternative}`,
  ]
  await writeFile(extensions, lines.join('\n'))
  await openssl(
    ...['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`],
    ...['-keyout', at(`${name}-key.pem`), '-out', at(`${name}.csr`)],
  )
  await openssl(
    ...['x509', '-req', '-in', at(`${name}.csr`), '-days', '1', '-CAcreateserial'],
    ...['-CA', at('ca-cert.pem'), '-CAkey', at('ca-key.pem')],
    ...['-extfile', extensions, '-out', at(`${name}-cert.pem`)],
  )
  return {
    authority: await readFile(at('ca-cert.pem'), 'utf8'),
    certificate: await readFile(at(`${name}-cert.pem`), 'utf8'),
    key: await readFile(at(`${name}-key.pem`), 'utf8'),
  }
}

function over(certificates: HypervisorCertificates | null): HypervisorConnection {
  const address = addressParse(`qemu+tls://127.0.0.1:${PORT}/system`, null, null)
  if (address.type !== 'libvirt') throw new Error('an address of libvirt was expected')
  return { ...address.connection, certificates }
}

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
  await authority('other')
  const stranger = await certified('other', 'client', 'clientAuth')
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
    const [disk] = first.disks
    expect(disk!.reader.sizeBytes).toBe(16 * MIB)
    const bytes = await disk!.reader.read(MIB, MIB, signal)
    expect(Buffer.from(bytes).every((byte) => byte === 5)).toBe(true)
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
