/**
 * What a connector to libvirt does when commands fail in the middle. Virsh is played; disks and qemu-nbd are real.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLibvirtConnector } from '../../src/connectors/libvirt/connector.ts'
import { domainParse } from '../../src/connectors/libvirt/domain.ts'
import { restore } from '../../src/connectors/libvirt/restore.ts'
import { sessionOpen } from '../../src/connectors/libvirt/session.ts'
import { offlineOpen } from '../../src/connectors/libvirt/offline.ts'
import { VirshError, type Virsh } from '../../src/connectors/libvirt/virsh.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'

const UUID = '6c2f4e1a-0000-4000-8000-000000000001'
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-lvf-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const failed = () => new VirshError('failed', 'it is not to be')
const disk = () => join(folder, 'vda.qcow2')

function xmlOf({ id = '', devices = '' }: { id?: string; devices?: string }): string {
  return `<domain type='qemu'${id}><name>m</name><uuid>${UUID}</uuid><devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
      <source file='${disk()}'/><target dev='vda'/></disk>${devices}</devices></domain>`
}

/** Answers by the command; `failed` for what it does not know. */
function played(answers: Record<string, () => string>): Virsh & { said: string[] } {
  const said: string[] = []
  const run = async ([word = '', ...rest]: readonly string[]): Promise<string> => {
    said.push([word, ...rest].join(' '))
    const answer = answers[word]
    if (!answer) throw failed()
    return answer()
  }
  return {
    said,
    connection: {
      ...{ connector: 'libvirt', uri: 'qemu:///system' },
      ...{ username: null, password: null, certificates: null },
    },
    run,
    batch: async (commands) => {
      let stdout = ''
      for (const command of commands) stdout += await run(command).catch(() => '')
      return { stdout, stderr: 'error: it is not to be' }
    },
  }
}

const linkOf = (virsh: Virsh) => ({
  virsh,
  programId: 'abcd',
  isLocal: true,
  servers: async (socket: string) => [{ type: 'unix' as const, socket }],
  reach: async () => ({ address: { path: '/nowhere' }, tls: null, close: async () => {} }),
  list: async () => [],
  remove: async () => {},
})

const request = {
  ...{ machineId: UUID, vaultId: 'v', pointId: 'p', token: null, isQuiesced: true },
}

const wanted = () => ({
  ...{ restoreId: UUID, name: 'restored', datastore: null, isStarted: true, disks: [] },
  machine: { xml: xmlOf({}) },
  onProgress: () => {},
})

test('a machine that is shut off and cannot be described is let go', async () => {
  await exec('qemu-img', ['create', '-f', 'qcow2', disk(), '1M'])
  const virsh = played({ domstate: () => 'shut off (shutdown)\n' })
  const domain = domainParse(xmlOf({}))
  const { signal } = new AbortController()
  await expect(offlineOpen(linkOf(virsh), domain, request, signal)).rejects.toThrow('not to be')
  // Writing needs the lock that a reader would have.
  await exec('qemu-io', ['-f', 'qcow2', '-c', 'write 0 4k', disk()])
})

test('a guest whose thaw is not heard the first time is told again', async () => {
  let thaws = 0
  const virsh = played({
    'backup-dumpxml': () => {
      throw new VirshError('failed', 'no domain backup job present')
    },
    'checkpoint-list': () => '',
    domfsfreeze: () => 'Froze 1 filesystem(s)\n',
    'backup-begin': () => 'Backup started\n',
    domfsthaw: () => {
      if (++thaws === 1) throw new VirshError('failed', 'Guest agent is not responding')
      return 'Thawed 1 filesystem(s)\n'
    },
    domjobabort: () => '',
  })
  const channel = `<channel type='unix'><target name='org.qemu.guest_agent.0'/></channel>`
  const domain = domainParse(xmlOf({ id: " id='3'", devices: channel }))
  const link = { ...linkOf(virsh), reach: () => Promise.reject(new Error('no way there')) }
  const { signal } = new AbortController()
  await expect(sessionOpen(link, domain, request, signal)).rejects.toThrow('no way there')
  expect(thaws).toBe(2)
})

test('a machine that was defined and not started is started by the next attempt', async () => {
  let state = 'shut off'
  let starts = 0
  const virsh = played({
    domname: () => 'restored\n',
    domstate: () => `${state}\n`,
    start: () => {
      if (++starts === 1) throw failed()
      state = 'running'
      return ''
    },
  })
  const { signal } = new AbortController()
  const again = () => restore(virsh, folder, wanted(), signal)
  await expect(again()).rejects.toThrow('not to be')
  await expect(again()).resolves.toMatchObject({ name: 'restored' })
  await again()
  expect({ state, starts }).toEqual({ state: 'running', starts: 2 })
})

test('disks that a daemon which was killed left on their way to a hypervisor go', async () => {
  const scratch = join(folder, 'connectors', 'restores')
  await mkdir(join(scratch, 'restore-abc'), { recursive: true })
  await writeFile(join(scratch, 'restore-abc', 'disk.raw'), 'of another life')
  const connector = createLibvirtConnector({ home: folder, log: silentLog })
  const nowhere = { connector: 'libvirt', uri: 'qemu:///nowhere' } as const
  const connection = { ...nowhere, username: null, password: null, certificates: null }
  await connector.restore(connection, wanted(), AbortSignal.timeout(30_000)).catch(() => {})
  expect(await readdir(scratch)).toEqual([])
})
