/**
 * A recovery point's manifest: what it is, and for each disk the ids of its pages. One authenticated, encrypted blob
 * that is written last: where it is, everything it needs was durable before. Pure.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { BackupDisk } from '../domain/backup.ts'
import { DamagedError } from './errors.ts'
import {
  BLOB,
  DISK_BYTES_MAX,
  DISKS_MAX,
  FORMAT_VERSION,
  ID_BYTES,
  NONCE_BYTES,
  pageCount,
  POINT_BYTES_MAX,
  TAG_BYTES,
} from './format.ts'
import type { VaultKeys } from './keys.ts'
import type { BackupOutcome } from './vault.ts'

const MAGIC = Buffer.from('BRUMPOIN')
const HEAD_BYTES = 16
/** Page ids of 1 PiB are 128 MiB, of which a copy holds twice as many; and what its caller wanted to have kept. */
const PLAIN_BYTES_MAX = 2 * pageCount(POINT_BYTES_MAX) * ID_BYTES + 2 * 1024 * 1024

export interface ManifestDisk extends BackupDisk {
  /** pageCount(sizeBytes) ids; zeros where all is zero. */
  pages: Buffer
  /** Of a copy: the pages of the point that was copied, by the ids of its vault. */
  sourcePages: Buffer | null
}

export interface Manifest {
  pointId: string
  createdAt: number
  description: Readonly<Record<string, unknown>>
  outcome: BackupOutcome
  /** Of a copy: where it is from. */
  copiedFrom: { vaultId: string; pointId: string } | null
  disks: readonly ManifestDisk[]
}

interface Header extends Omit<Manifest, 'disks'> {
  disks: readonly (BackupDisk & { hasSourcePages: boolean })[]
}

export function encodeManifest(keys: VaultKeys, manifest: Manifest): Buffer {
  const { pointId, createdAt, description, outcome, copiedFrom } = manifest
  const disks = manifest.disks.map(({ diskId, label, sizeBytes, sourcePages }) => {
    return { diskId, label, sizeBytes, hasSourcePages: sourcePages !== null }
  })
  const header: Header = { pointId, createdAt, description, outcome, copiedFrom, disks }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  const pages = manifest.disks.flatMap((disk) => [disk.pages, disk.sourcePages ?? Buffer.alloc(0)])
  const plain = zstdCompressSync(Buffer.concat([length, json, ...pages]))
  const head = headOf(pointId)
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keys.manifestKey, nonce)
  cipher.setAAD(head)
  return Buffer.concat([head, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** @throws DamagedError unless these bytes are, one by one, what this vault's key wrote for this point. */
export function decodeManifest(keys: VaultKeys, pointId: string, bytes: Buffer): Manifest {
  const file = BLOB.point(pointId)
  const head = headOf(pointId)
  const bodyAt = head.length + NONCE_BYTES
  if (bytes.length < bodyAt + TAG_BYTES || !bytes.subarray(0, head.length).equals(head)) {
    throw new DamagedError(file, 'the manifest has no sane beginning')
  }
  const decipher = createDecipheriv(
    'aes-256-gcm',
    keys.manifestKey,
    bytes.subarray(head.length, bodyAt),
  )
  decipher.setAAD(head)
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    const body = decipher.update(bytes.subarray(bodyAt, -TAG_BYTES))
    decipher.final()
    return parse(pointId, zstdDecompressSync(body, { maxOutputLength: PLAIN_BYTES_MAX }))
  } catch (error) {
    throw new DamagedError(file, 'the manifest is not what was written', error)
  }
}

/** A vault with its key may be from anybody: what it says of itself is not taken for what we write. */
function check(pointId: string, { createdAt, description, disks, ...rest }: Header): void {
  const isTold =
    rest.pointId === pointId &&
    Number.isSafeInteger(createdAt) &&
    !Number.isNaN(new Date(createdAt).getTime()) &&
    isObject(description) &&
    Array.isArray(disks) &&
    disks.length <= DISKS_MAX
  const isDisk = ({ diskId, label, sizeBytes }: BackupDisk): boolean =>
    typeof diskId === 'string' &&
    typeof label === 'string' &&
    Number.isSafeInteger(sizeBytes) &&
    sizeBytes >= 0 &&
    sizeBytes <= DISK_BYTES_MAX
  if (!isTold || !disks.every((disk) => isObject(disk) && isDisk(disk))) {
    throw new Error('the manifest says what no manifest does')
  }
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function headOf(pointId: string): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  MAGIC.copy(head)
  head.writeUInt16BE(FORMAT_VERSION, 8)
  const id = Buffer.from(pointId)
  head.writeUInt16BE(id.length, 10)
  return Buffer.concat([head, id])
}

function parse(pointId: string, plain: Buffer): Manifest {
  const jsonEnd = 4 + plain.readUInt32BE(0)
  const header = JSON.parse(plain.subarray(4, jsonEnd).toString('utf8')) as Header
  check(pointId, header)
  let at = jsonEnd
  const take = (sizeBytes: number): Buffer => {
    const pages = plain.subarray(at, (at += pageCount(sizeBytes) * ID_BYTES))
    return pages
  }
  const disks = header.disks.map(({ diskId, label, sizeBytes, hasSourcePages }) => {
    const pages = take(sizeBytes)
    return { diskId, label, sizeBytes, pages, sourcePages: hasSourcePages ? take(sizeBytes) : null }
  })
  if (at !== plain.length) throw new Error('the manifest has not its length')
  return { ...header, disks }
}
