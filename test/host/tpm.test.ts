/** A machine's TPM beside its QEMU: one that is left gives way to the next, with its state. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import type { InstanceId } from '../../src/domain/ids.ts'
import { machinePaths } from '../../src/hypervisor/qemu/layout.ts'
import { tpmEnd, tpmStart } from '../../src/hypervisor/qemu/tpm.ts'
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
