/**
 * The kernel of a Debian package, made ready to boot. Pure.
 * Unpacking it here, once, spares every emulated boot the guest's own decompression.
 */
import { bootImage } from './boot-image.ts'
import { isElf } from './elf.ts'
import { LZ4_LEGACY_MAGIC, lz4LegacyDecompress } from './lz4.ts'

/** Far above any kernel (a distribution's is 40 to 60 MB), far below trouble. */
const KERNEL_BYTES_MAX = 256 * 1024 * 1024

/** With a console on its screen, or as far as we can read it: QEMU starts a plain ELF too, by PVH. */
export function bootableKernel(packed: Buffer): Buffer {
  const plain = unpackKernel(packed)
  return plain ? (bootImage(packed, plain) ?? plain) : packed
}

/** The ELF inside a bzImage, or null when this kernel is packed in a way we do not read. */
function unpackKernel(image: Buffer): Buffer | null {
  // Linux's boot protocol: https://docs.kernel.org/arch/x86/boot.html (payload_offset since 2.08)
  if (image.length < 0x260 || image.toString('latin1', 0x202, 0x206) !== 'HdrS') return null
  const setupSectors = image[0x1f1] || 4
  const base = (setupSectors + 1) * 512
  const start = base + image.readUInt32LE(0x248)
  const payload = image.subarray(start, start + image.readUInt32LE(0x24c))
  if (payload.length < 8 || payload.readUInt32LE(0) !== LZ4_LEGACY_MAGIC) return null
  // The packed form ends with the plain size.
  const sizeBytes = payload.readUInt32LE(payload.length - 4)
  if (sizeBytes > KERNEL_BYTES_MAX) return null
  const plain = lz4LegacyDecompress(payload.subarray(0, payload.length - 4), sizeBytes)
  return plain.length === sizeBytes && isElf(plain) ? plain : null
}
