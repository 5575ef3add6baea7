/** A machine's TPM beside its QEMU: one that is left gives way to the next, with its state. */
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import type { InstanceId } from '../../src/domain/ids.ts'
import { machinePaths } from '../../src/hypervisor/qemu/layout.ts'
import { tpmEnd, tpmStart, tpmStateRead } from '../../src/hypervisor/qemu/tpm.ts'
import { systemClock } from '../../src/lib/time.ts'

test('a TPM that a daemon left is gone before the next begins upon its state', async () => {
  const root = await mkdtemp(`${tmpdir()}/brume-tpm-`)
  const paths = machinePaths(root, root, 'i-0123456789abcdef0' as InstanceId)
  await mkdir(paths.folder)
  try {
    const pids = new Set<number>()
    for (let round = 0; round < 5; round++) {
      pids.add(await tpmStart(paths, null, systemClock))
      const alive = [...pids].filter((pid) => isAlive(pid))
      expect(alive).toHaveLength(1)
    }
    await tpmEnd(paths, systemClock)
    expect([...pids].filter((pid) => isAlive(pid))).toEqual([])
  } finally {
    await rm(root, { recursive: true })
  }
})

test('a TPM begins with the state of another, once, and no link is taken for a state', async () => {
  const root = await mkdtemp(`${tmpdir()}/brume-tpm-`)
  const pathsOf = (id: string) => machinePaths(root, root, id as InstanceId)
  const [first, copy, odd] = ['i-1', 'i-2', 'i-3'].map(pathsOf)
  const run = async (paths: typeof first, state: string | null) => {
    await mkdir(paths!.folder, { recursive: true })
    await tpmStart(paths!, null, systemClock, state)
    await initialised(paths!.tpmSocket)
    await tpmEnd(paths!, systemClock)
    return tpmStateRead(paths!)
  }
  try {
    expect(await tpmStateRead(first!)).toBeNull()
    const state = await run(first, null)
    expect(Buffer.from(state!, 'base64').length).toBeGreaterThan(1_000)
    // The seeds are the same: swtpm takes it for its own, and writes it again as it is.
    expect(await run(copy, state)).toBe(state)
    // From then on it is the copy's own.
    const other = await run(odd, null)
    expect(other).not.toBe(state)
    expect(await run(copy, other)).toBe(state)

    const file = `${odd!.tpmFolder}/tpm2-00.permall`
    await rm(file)
    await symlink('/etc/passwd', file)
    await expect(tpmStateRead(odd!)).rejects.toThrow()
  } finally {
    await rm(root, { recursive: true })
  }
})

/** As QEMU begins: swtpm reads its state, or makes one. */
async function initialised(path: string): Promise<void> {
  const socket = connect({ path })
  socket.write(Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  expect(answer.readUInt32BE(0)).toBe(0)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
