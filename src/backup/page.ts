/**
 * A page: the ids of up to 1024 neighbouring chunks of a disk. Zero chunks have none. Content-addressed like chunks, so
 * that a backup writes only pages in which something changed. Pure.
 */
import { DamagedError } from './errors.ts'
import { ID_BYTES, isZero, PAGE_CHUNKS } from './format.ts'

const BITMAP_BYTES = PAGE_CHUNKS / 8

/** `ids`: PAGE_CHUNKS ids one after the other, zeros where there is none. Null: all are. */
export function encodePage(ids: Buffer): Buffer | null {
  const bitmap = Buffer.alloc(BITMAP_BYTES)
  const parts: Buffer[] = [bitmap]
  for (let slot = 0; slot < PAGE_CHUNKS; slot++) {
    const id = ids.subarray(slot * ID_BYTES, (slot + 1) * ID_BYTES)
    if (isZero(id)) continue
    bitmap[slot >> 3]! |= 1 << (slot & 7)
    parts.push(id)
  }
  return parts.length === 1 ? null : Buffer.concat(parts)
}

export function decodePage(plain: Buffer): Buffer {
  const ids = Buffer.alloc(PAGE_CHUNKS * ID_BYTES)
  let at = BITMAP_BYTES
  for (let slot = 0; slot < PAGE_CHUNKS && plain.length >= BITMAP_BYTES; slot++) {
    if ((plain[slot >> 3]! & (1 << (slot & 7))) === 0) continue
    plain.copy(ids, slot * ID_BYTES, at, at + ID_BYTES)
    at += ID_BYTES
  }
  if (at !== plain.length) throw new DamagedError(null, 'a page has not its length')
  return ids
}

export function idAt(ids: Buffer, index: number): Buffer {
  return ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES)
}
