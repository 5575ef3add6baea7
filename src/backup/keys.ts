/**
 * Keys of a vault, all derived from its one key of 32 bytes: nothing that is stored tells a chunk's content, nor
 * whether two vaults hold the same. A pack has a key of its own, so that no key ever sees 2^32 random nonces.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { KIND, type Kind } from './format.ts'
import { VaultError } from './errors.ts'

const KEY_BYTES = 32

export interface VaultKeys {
  /** What ids are made with (`idOf`), for threads. */
  idKey: Buffer
  /** The id of a content: the same content has the same id, within this vault. */
  idOf(kind: Kind, plain: Uint8Array): Buffer
  packKey(packId: Uint8Array): Buffer
  manifestKey: Buffer
  /** Vouches for footers and for the small files that steer a vault. */
  mac(...parts: Uint8Array[]): Buffer
}

/** @param key 32 bytes, base64. */
export function vaultKeys(key: string): VaultKeys {
  const master = Buffer.from(key, 'base64')
  if (master.length !== KEY_BYTES)
    throw new VaultError('a vault key has 32 bytes', { isFinal: true })
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', master, '', `brume backup v1 ${purpose}`, KEY_BYTES))
  const idKey = derive('id')
  const dataKey = derive('data')
  const macKey = derive('mac')
  return {
    idKey,
    idOf: (kind, plain) => idOf(idKey, kind, plain),
    packKey: (packId) => createHmac('sha256', dataKey).update(packId).digest(),
    manifestKey: derive('manifest'),
    mac: (...parts) => {
      const hmac = createHmac('sha256', macKey)
      for (const part of parts) hmac.update(part)
      return hmac.digest()
    },
  }
}

const KIND_BYTES = { data: Buffer.from([KIND.data]), page: Buffer.from([KIND.page]) }

export const idOf = (idKey: Uint8Array, kind: Kind, plain: Uint8Array): Buffer =>
  createHmac('sha256', idKey).update(KIND_BYTES[kind]).update(plain).digest()

export const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b)
