/**
 * A reader of vaults that follows docs/backup-format.md and nothing else: it imports nothing of the engine, so that the
 * page cannot become untrue unnoticed.
 */
import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'

const CHUNK = 262_144

function open(key: Buffer, aad: Buffer, nonce: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(sealed.length - 16))
  const plain = decipher.update(sealed.subarray(0, sealed.length - 16))
  return Buffer.concat([plain, decipher.final()])
}

/** Disks of a point by id, whole. */
export function readPoint(folder: string, vaultKey: Buffer, pointId: string): Map<string, Buffer> {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', vaultKey, '', `brume backup v1 ${purpose}`, 32))
  const hmac = (key: Buffer, ...parts: Uint8Array[]): Buffer =>
    parts.reduce((so, part) => so.update(part), createHmac('sha256', key)).digest()
  const [idKey, dataKey, macKey, manifestKey] = ['id', 'data', 'mac', 'manifest'].map(derive)

  /** Record by hex of id. */
  const records = new Map<string, { record: Buffer; packKey: Buffer }>()
  for (const name of readdirSync(join(folder, 'packs'))) {
    const pack = readFileSync(join(folder, 'packs', name))
    const packId = Buffer.from(name.slice(0, 32), 'hex')
    if (pack.toString('latin1', 0, 8) !== 'BRUMPACK' || pack.readUInt16BE(8) !== 1)
      throw new Error('head')
    if (!pack.subarray(16, 32).equals(packId)) throw new Error('another pack')
    const end = pack.length
    if (pack.toString('latin1', end - 8) !== 'BRUMPEND') throw new Error('end')
    const count = pack.readUInt32BE(end - 48)
    const footer = pack.readUInt32BE(end - 44)
    if (footer + count * 40 + 48 !== end) throw new Error('length')
    const mac = hmac(macKey!, pack.subarray(0, 32), pack.subarray(footer, end - 40))
    if (!mac.equals(pack.subarray(end - 40, end - 8))) throw new Error('mac')
    for (let at = footer; at < footer + count * 40; at += 40) {
      const offset = pack.readUInt32BE(at + 32)
      const record = pack.subarray(offset, offset + pack.readUInt32BE(at + 36))
      records.set(pack.toString('hex', at, at + 32), { record, packKey: hmac(dataKey!, packId) })
    }
  }

  const content = (kind: 1 | 2, id: Buffer): Buffer => {
    const { record, packKey } = records.get(id.toString('hex'))!
    if (record[32] !== kind) throw new Error('kind')
    const coded = open(
      packKey,
      record.subarray(0, 44),
      record.subarray(44, 56),
      record.subarray(56),
    )
    const plain = record[33] === 1 ? zstdDecompressSync(coded) : coded
    if (plain.length !== record.readUInt32BE(36)) throw new Error('length of content')
    if (!hmac(idKey!, Buffer.from([kind]), plain).equals(id)) throw new Error('id')
    return plain
  }

  const manifest = readFileSync(join(folder, 'points', `${pointId}.manifest`))
  if (manifest.toString('latin1', 0, 8) !== 'BRUMPOIN') throw new Error('manifest')
  const head = 16 + manifest.readUInt16BE(10)
  if (manifest.toString('utf8', 16, head) !== pointId) throw new Error('another point')
  const nonce = manifest.subarray(head, head + 12)
  const plain = zstdDecompressSync(
    open(manifestKey!, manifest.subarray(0, head), nonce, manifest.subarray(head + 12)),
  )
  const jsonEnd = 4 + plain.readUInt32BE(0)
  const { disks } = JSON.parse(plain.toString('utf8', 4, jsonEnd)) as {
    disks: { diskId: string; sizeBytes: number; hasSourcePages: boolean }[]
  }
  let at = jsonEnd
  const result = new Map<string, Buffer>()
  for (const { diskId, sizeBytes, hasSourcePages } of disks) {
    const bytes = Buffer.alloc(sizeBytes)
    const pages = Math.ceil(Math.ceil(sizeBytes / CHUNK) / 1_024)
    for (let page = 0; page < pages; page++, at += 32) {
      const pageId = plain.subarray(at, at + 32)
      if (pageId.every((byte) => byte === 0)) continue
      const ids = content(2, pageId)
      let next = 128
      for (let slot = 0; slot < 1_024; slot++) {
        if (((ids[slot >> 3]! >> (slot & 7)) & 1) === 0) continue
        const chunk = content(1, ids.subarray(next, next + 32))
        chunk.copy(bytes, (page * 1_024 + slot) * CHUNK)
        next += 32
      }
    }
    if (hasSourcePages) at += pages * 32
    result.set(diskId, bytes)
  }
  return result
}
