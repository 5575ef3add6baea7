/**
 * How much translated code a machine may keep in emulation: by its guest's memory, because a guest with more of it runs
 * more programs. When the cache is full QEMU throws all of it away (docs/decisions/0161-translated-code-by-memory.md).
 */

/** QEMU's default is 1 GiB: as much as many guests. */
const CACHE_MIN_MIB = 128
const CACHE_MAX_MIB = 512

export function translationCacheMiB(memoryMiB: number): number {
  return Math.min(CACHE_MAX_MIB, Math.max(CACHE_MIN_MIB, Math.ceil(memoryMiB / 4)))
}
