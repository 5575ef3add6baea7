/**
 * Secrets that lie in the database or travel through a client's hands: encrypted and authenticated (AES-256-GCM) with
 * a key of the cloud, bound to a purpose, so that a sealed text of one kind is nothing in the place of another.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

export interface Seal {
  seal(purpose: string, text: string): string
  /** Undefined when it was not sealed here for this purpose. */
  open(purpose: string, sealed: string): string | undefined
}

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16

export function createSeal(key: Uint8Array): Seal {
  const keys = new Map<string, Buffer>()
  const keyOf = (purpose: string): Buffer => {
    let derived = keys.get(purpose)
    if (derived === undefined) {
      derived = Buffer.from(hkdfSync('sha256', key, '', purpose, 32))
      keys.set(purpose, derived)
    }
    return derived
  }
  return {
    seal: (purpose, text) => {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv(ALGORITHM, keyOf(purpose), iv, { authTagLength: TAG_BYTES })
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64')
    },
    open: (purpose, sealed) => {
      const bytes = Buffer.from(sealed, 'base64')
      if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString('base64') !== sealed)
        return undefined
      const iv = bytes.subarray(0, IV_BYTES)
      const options = { authTagLength: TAG_BYTES }
      const decipher = createDecipheriv(ALGORITHM, keyOf(purpose), iv, options)
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
      try {
        const body = bytes.subarray(IV_BYTES + TAG_BYTES)
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
      } catch {
        return undefined
      }
    },
  }
}
