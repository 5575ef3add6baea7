/** Which sizes of machine can be made of a frozen one. Pure. */
import type { FrozenShape } from './machine.ts'

/** The kernel's unit of memory that can be plugged in, on x86 below 64 GiB (Linux, memory-hotplug.rst). */
const MEMORY_BLOCK_MIB = 128

/** Whether a machine of this size can be made of a frozen one, and whether without plugging anything in. */
export function shapeFit(
  shape: FrozenShape,
  want: { vcpus: number; memoryMiB: number; coresPerSocket: number; threadsPerCore: number },
): 'exact' | 'pluggable' | 'none' {
  const extraMiB = want.memoryMiB - shape.memoryMiB
  const extraVcpus = want.vcpus - shape.vcpus
  if (extraMiB === 0 && extraVcpus === 0) {
    const isSame =
      want.coresPerSocket === shape.coresPerSocket && want.threadsPerCore === shape.threadsPerCore
    return isSame || want.vcpus === 1 ? 'exact' : 'none'
  }
  const isPluggable =
    extraMiB >= 0 &&
    extraVcpus >= 0 &&
    extraMiB % MEMORY_BLOCK_MIB === 0 &&
    want.vcpus <= shape.vcpusMax &&
    want.memoryMiB <= shape.memoryMaxMiB
  return isPluggable ? 'pluggable' : 'none'
}

/** What the guest must see of it before its user does: processors by number, and how many blocks of memory. */
export function pluggedOf(shape: FrozenShape, want: { vcpus: number; memoryMiB: number }) {
  const blocks = (mib: number): number => Math.ceil(mib / MEMORY_BLOCK_MIB)
  return {
    cpus: Array.from({ length: want.vcpus - shape.vcpus }, (_, at) => shape.vcpus + at),
    memoryBlocks:
      want.memoryMiB === shape.memoryMiB
        ? null
        : blocks(shape.memoryMiB) + blocks(want.memoryMiB - shape.memoryMiB),
  }
}
