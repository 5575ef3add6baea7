/**
 * The header of a LUKS1 volume, made here. QEMU makes the same, but first measures for some two seconds how many
 * rounds of key derivation a passphrase needs; ours is 32 random bytes, which no number of rounds makes safer, and a
 * snapshot must not wait. QEMU opens and checks it (test/host/encryption.test.ts).
 * Source: LUKS1 on-disk format specification 1.2.3.
 */
import { createCipheriv, hash, pbkdf2Sync, randomBytes, randomUUID } from 'node:crypto'

const HASH = 'sha256'
/** The least that the specification allows. */
const ROUNDS = 1_000
/** AES-256 in XTS mode takes two keys of 32 bytes. */
const KEY_BYTES = 64
const STRIPES = 4_000
const SECTOR_BYTES = 512
const ALIGNMENT_SECTORS = 8
const SLOTS = 8
const SLOT_ACTIVE = 0x00ac71f3
const SLOT_DISABLED = 0x0000dead
const SLOT_SECTORS =
  Math.ceil((KEY_BYTES * STRIPES) / SECTOR_BYTES / ALIGNMENT_SECTORS) * ALIGNMENT_SECTORS

const slotOffset = (slot: number): number => ALIGNMENT_SECTORS + slot * SLOT_SECTORS
export const LUKS_HEADER_BYTES = slotOffset(SLOTS) * SECTOR_BYTES

/** What of it is not zeros: one slot is used. */
const USED_BYTES = slotOffset(1) * SECTOR_BYTES

/** The beginning of a header with a new master key, which `passphrase` opens; zeros follow. */
export function luksHeader(passphrase: string): Buffer {
  const masterKey = randomBytes(KEY_BYTES)
  const header = Buffer.alloc(USED_BYTES)
  const digestSalt = randomBytes(32)
  const digest = pbkdf2Sync(masterKey, digestSalt, ROUNDS, 20, HASH)
  header.write('LUKS\xba\xbe', 0, 'latin1')
  header.writeUInt16BE(1, 6)
  header.write('aes', 8, 'latin1')
  header.write('xts-plain64', 40, 'latin1')
  header.write(HASH, 72, 'latin1')
  header.writeUInt32BE(slotOffset(SLOTS), 104)
  header.writeUInt32BE(KEY_BYTES, 108)
  digest.copy(header, 112)
  digestSalt.copy(header, 132)
  header.writeUInt32BE(ROUNDS, 164)
  header.write(randomUUID(), 168, 'latin1')
  for (let slot = 0; slot < SLOTS; slot++) {
    const at = 208 + slot * 48
    header.writeUInt32BE(slot === 0 ? SLOT_ACTIVE : SLOT_DISABLED, at)
    header.writeUInt32BE(slotOffset(slot), at + 40)
    header.writeUInt32BE(STRIPES, at + 44)
  }
  const salt = randomBytes(32)
  header.writeUInt32BE(ROUNDS, 212)
  salt.copy(header, 216)
  const slotKey = pbkdf2Sync(passphrase, salt, ROUNDS, KEY_BYTES, HASH)
  const material = enciphered(split(masterKey), slotKey)
  material.copy(header, slotOffset(0) * SECTOR_BYTES)
  masterKey.fill(0)
  return header
}

/** Anti-forensic splitting: all of it is needed to get the key back, so that losing any part destroys it. */
function split(key: Buffer): Buffer {
  const out = randomBytes(KEY_BYTES * STRIPES)
  let block: Buffer = Buffer.alloc(KEY_BYTES)
  for (let stripe = 0; stripe < STRIPES - 1; stripe++) {
    const random = out.subarray(stripe * KEY_BYTES, (stripe + 1) * KEY_BYTES)
    block = diffused(xor(block, random))
  }
  xor(block, key).copy(out, (STRIPES - 1) * KEY_BYTES)
  return out
}

function xor(a: Buffer, b: Buffer): Buffer {
  const out = Buffer.alloc(a.length)
  for (let at = 0; at < a.length; at++) out[at] = a[at]! ^ b[at]!
  return out
}

function diffused(block: Buffer): Buffer {
  const DIGEST_BYTES = 32
  const pieces: Buffer[] = []
  for (let index = 0; index * DIGEST_BYTES < block.length; index++) {
    const piece = block.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES)
    const numbered = Buffer.allocUnsafe(4 + piece.length)
    numbered.writeUInt32BE(index)
    piece.copy(numbered, 4)
    pieces.push(hash(HASH, numbered, 'buffer').subarray(0, piece.length))
  }
  return Buffer.concat(pieces)
}

function enciphered(plain: Buffer, key: Buffer): Buffer {
  const sectors: Buffer[] = []
  for (let at = 0; at < plain.length; at += SECTOR_BYTES) {
    const iv = Buffer.alloc(16)
    iv.writeBigUInt64LE(BigInt(at / SECTOR_BYTES))
    const cipher = createCipheriv('aes-256-xts', key, iv)
    sectors.push(cipher.update(plain.subarray(at, at + SECTOR_BYTES)), cipher.final())
  }
  return Buffer.concat(sectors)
}
