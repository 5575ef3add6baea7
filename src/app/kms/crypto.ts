/**
 * What keys do: AES-256-GCM under their material, bound to the encryption context. A ciphertext names its key and the
 * material, so that Decrypt needs no key and old ciphertexts outlive rotations:
 * version (1) · key id (16) · material id (16) · iv (12) · tag (16) · the enciphered bytes.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { kmsKeyArn, type KmsKey, type KmsMaterial } from '../../domain/kms.ts'
import { present } from '../../lib/assert.ts'
import type { App, Ctx } from '../context.ts'
import { incorrectKey, invalid, invalidCiphertext } from './faults.ts'
import { keyFind, usable } from './find.ts'

export type EncryptionContext = Readonly<Record<string, string>>

const ALGORITHM = 'aes-256-gcm'
const VERSION = 1
const HEADER_BYTES = 1 + 16 + 16
const IV_BYTES = 12
const TAG_BYTES = 16
const BYTES_MAX = 4_096

export interface Enciphered {
  key: KmsKey
  ciphertext: Uint8Array
}

export async function encrypt(
  ctx: Ctx,
  text: string,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Promise<Enciphered> {
  if (plaintext.length > BYTES_MAX) throw invalid(`Plaintext has at most ${BYTES_MAX} bytes`)
  const key = usable(await keyFind(ctx, text))
  return { key, ciphertext: encipher(ctx.app, key, plaintext, context) }
}

export function encipher(
  app: App,
  key: KmsKey,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Uint8Array {
  const material = key.materials.at(-1)!
  const id = Buffer.from(key.id.replaceAll('-', ''), 'hex')
  const header = Buffer.concat([Buffer.of(VERSION), id, Buffer.from(material.id, 'hex')])
  const iv = Buffer.from(app.random.bytes(IV_BYTES))
  const options = { authTagLength: TAG_BYTES }
  const cipher = createCipheriv(ALGORITHM, bytesOf(app, key, material), iv, options)
  cipher.setAAD(boundTo(header, key, context))
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return Buffer.concat([header, iv, cipher.getAuthTag(), body])
}

/** The key that a ciphertext names. Undefined when it is none of ours. */
export function keyIdOf(ciphertext: Uint8Array): string | undefined {
  if (ciphertext.length < HEADER_BYTES + IV_BYTES + TAG_BYTES) return undefined
  if (ciphertext[0] !== VERSION) return undefined
  const hex = Buffer.from(ciphertext.subarray(1, 17)).toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** @throws InvalidCiphertextException, IncorrectKeyException when it is not the key that was named. */
export async function decrypt(
  ctx: Ctx,
  ciphertext: Uint8Array,
  context: EncryptionContext,
  expected: string | undefined,
): Promise<{ key: KmsKey; plaintext: Uint8Array }> {
  const id = keyIdOf(ciphertext)
  const key = id === undefined ? undefined : await ctx.app.store.get('kmsKey', id)
  if (!key || key.region !== ctx.region) throw invalidCiphertext()
  if (expected !== undefined && (await keyFind(ctx, expected)).id !== key.id) throw incorrectKey()
  usable(key)
  return { key, plaintext: decipher(ctx.app, key, ciphertext, context) }
}

/** @throws InvalidCiphertextException */
export function decipher(
  app: App,
  key: KmsKey,
  ciphertext: Uint8Array,
  context: EncryptionContext,
): Uint8Array {
  const bytes = Buffer.from(ciphertext)
  const header = bytes.subarray(0, HEADER_BYTES)
  const materialId = header.subarray(17).toString('hex')
  const material = key.materials.find((one) => one.id === materialId)
  if (!material) throw invalidCiphertext()
  const iv = bytes.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES)
  const body = bytes.subarray(HEADER_BYTES + IV_BYTES)
  const options = { authTagLength: TAG_BYTES }
  const cipher = createDecipheriv(ALGORITHM, bytesOf(app, key, material), iv, options)
  cipher.setAAD(boundTo(header, key, context))
  cipher.setAuthTag(body.subarray(0, TAG_BYTES))
  try {
    return Buffer.concat([cipher.update(body.subarray(TAG_BYTES)), cipher.final()])
  } catch {
    throw invalidCiphertext()
  }
}

function bytesOf(app: App, key: KmsKey, { sealed }: KmsMaterial): Buffer {
  const opened = app.seal.open(`kms:${key.id}`, sealed)
  return Buffer.from(
    present(opened, `the material of ${key.id}, sealed with this cloud's key`),
    'base64',
  )
}

/** The order of a context's pairs means nothing. */
function boundTo(header: Buffer, key: KmsKey, context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat([header, Buffer.from(JSON.stringify([kmsKeyArn(key), pairs]))])
}
