/** The numbers of the format, version 1 (docs/backup-format.md). Changing one of them makes another format. */

export const FORMAT_VERSION = 1

/** A disk is cut at multiples of this; only its last chunk is shorter. */
export const CHUNK_BYTES = 256 * 1024
export const ID_BYTES = 32
/** Chunk ids of a page: it describes 256 MiB of a disk. */
export const PAGE_CHUNKS = 1024
/** A pack is ended by the record that brings it here. */
export const PACK_BYTES = 32 * 1024 * 1024
/** So that the footer stays small where chunks compress to nothing. */
export const PACK_RECORDS_MAX = 8192
/** EBS's own limit, four times over. 64 TiB is 268 million chunks. */
export const DISK_BYTES_MAX = 256 * 2 ** 40
export const DISKS_MAX = 64
/** All disks of a point together: a manifest has the ids of their pages, of a copy twice (manifest.ts). */
export const POINT_BYTES_MAX = 2 ** 50
export const LABEL_BYTES_MAX = 4096
export const DESCRIPTION_BYTES_MAX = 256 * 1024

export const NONCE_BYTES = 12
export const TAG_BYTES = 16

/** Content of a record. */
export const KIND = { data: 1, page: 2 } as const
export type Kind = keyof typeof KIND

export const CODING = { raw: 0, zstd: 1 } as const

/** The id that stands for "all zeros", and that no content has. */
export const ZERO_ID = Buffer.alloc(ID_BYTES)

export const BLOB = {
  format: 'format.json',
  pack: (packId: string) => `packs/${packId}.pack`,
  point: (pointId: string) => `points/${pointId}.manifest`,
  pending: (pointId: string, sessionId: string) => `pending/${pointId}~${sessionId}.manifest`,
  session: (sessionId: string) => `sessions/${sessionId}.json`,
  beat: (sessionId: string) => `beats/${sessionId}.json`,
  packTombstone: (packId: string) => `tombstones/packs/${packId}.json`,
  pointTombstone: (pointId: string) => `tombstones/points/${pointId}.json`,
  quarantine: (packId: string) => `quarantine/${packId}.json`,
} as const

/** `points/ID.manifest` → `ID`; null for another name. */
export function nameWithin(key: string, folder: string, suffix: string): string | null {
  if (!key.startsWith(folder) || !key.endsWith(suffix)) return null
  return key.slice(folder.length, key.length - suffix.length)
}

/** A pack: what brought it over its size, and its footer, are within a MiB. */
export const PACK_BYTES_MAX = PACK_BYTES + 1024 * 1024

export const isPackId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text)

/** Becomes part of a file's name. */
export function isPointId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(text)
}

export const isZero = (id: Uint8Array): boolean => ZERO_ID.equals(id)

export const chunkCount = (sizeBytes: number): number => Math.ceil(sizeBytes / CHUNK_BYTES)
export const pageCount = (sizeBytes: number): number =>
  Math.ceil(chunkCount(sizeBytes) / PAGE_CHUNKS)

/** Bytes of the chunk at `index` of a disk. */
export const chunkLength = (sizeBytes: number, index: number): number =>
  Math.min(CHUNK_BYTES, sizeBytes - index * CHUNK_BYTES)
