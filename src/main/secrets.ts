/**
 * Keys made at the first start, each in a file that only its owner may read: the root access key of the first
 * account, and the key that signs page tokens and metadata tokens.
 */
import { createCipheriv, createDecipheriv, randomBytes, randomInt, scryptSync } from 'node:crypto'
import { join } from 'node:path'
import type { Credentials } from '../aws/auth/authenticate.ts'
import { parseAccountId, type HostId } from '../domain/ids.ts'
import { base32 } from '../lib/base32.ts'
import { readJson, writeJsonDurable } from '../lib/fs-durable.ts'
import type { Home } from './home.ts'

export interface RootCredentials {
  account: string
  accessKeyId: string
  secretAccessKey: string
  region: string
}

const REGION_DEFAULT = 'us-east-1'

export async function rootCredentials(home: Home): Promise<RootCredentials> {
  const known = await readJson<RootCredentials>(home.credentials)
  if (known) return known
  const made: RootCredentials = {
    account: String(randomInt(1e11, 1e12 - 1)),
    accessKeyId: `AKIA${base32(randomBytes(10))}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    region: REGION_DEFAULT,
  }
  await writeJsonDurable(home.credentials, made)
  return made
}

/** 32 bytes that stay the same for as long as the home does. */
export async function secretOf(home: Home, name: string): Promise<Uint8Array> {
  const path = join(home.keys, `${name}.json`)
  const known = await readJson<{ key: string }>(path)
  if (known) return Buffer.from(known.key, 'base64')
  const key = randomBytes(32)
  await writeJsonDurable(path, { key: key.toString('base64') })
  return key
}

/** The key of all keys as it lies in its file: as it is, or wrapped under a passphrase. */
type KeyFile = { key: string } | { wrapped: string; salt: string; iv: string; tag: string }

/** OWASP's figure for scrypt with 128 MiB; half a second, once a start. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 }

/**
 * The key that seals everything secret in the database, KMS's material above all. It lies in a file that only its
 * owner may read; once a passphrase was given, wrapped under it, and no start succeeds without. Nobody can recover a
 * forgotten passphrase. @throws Error in words for who starts the daemon.
 */
export async function sealKeyOf(home: Home, passphrase: string | null): Promise<Uint8Array> {
  const path = join(home.keys, 'seal.json')
  const file = await readJson<KeyFile>(path)
  if (file && 'wrapped' in file) {
    if (passphrase === null) {
      throw new Error(`${path} is locked by a passphrase: start with --passphrase-file`)
    }
    return unwrap(file, passphrase, path)
  }
  const key = file ? Buffer.from(file.key, 'base64') : randomBytes(32)
  if (passphrase !== null) await writeJsonDurable(path, wrap(key, passphrase))
  else if (!file) await writeJsonDurable(path, { key: key.toString('base64') })
  return key
}

function wrap(key: Uint8Array, passphrase: string): KeyFile {
  const salt = randomBytes(16)
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', scryptSync(passphrase, salt, 32, SCRYPT), iv)
  const wrapped = Buffer.concat([cipher.update(key), cipher.final()])
  const text = (bytes: Buffer): string => bytes.toString('base64')
  return {
    wrapped: text(wrapped),
    salt: text(salt),
    iv: text(iv),
    tag: text(cipher.getAuthTag()),
  }
}

function unwrap(
  file: Extract<KeyFile, { wrapped: string }>,
  passphrase: string,
  path: string,
): Uint8Array {
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64')
  const key = scryptSync(passphrase, bytes(file.salt), 32, SCRYPT)
  const options = { authTagLength: 16 }
  const decipher = createDecipheriv('aes-256-gcm', key, bytes(file.iv), options)
  decipher.setAuthTag(bytes(file.tag))
  try {
    return Buffer.concat([decipher.update(bytes(file.wrapped)), decipher.final()])
  } catch (cause) {
    throw new Error(`the passphrase does not open ${path}`, { cause })
  }
}

export function credentialsOfRoot(root: RootCredentials): Credentials {
  const { account, accessKeyId, secretAccessKey } = root
  return {
    secretAccessKey,
    account: parseAccountId(account),
    principal: {
      type: 'root',
      arn: `arn:aws:iam::${account}:root`,
      id: account,
      accessKeyId,
    },
  }
}

/** This host's id: made once, so that a new host name does not make it another host. */
export async function hostIdOf(home: Home): Promise<HostId> {
  const path = join(home.root, 'host.json')
  const known = await readJson<{ hostId: HostId }>(path)
  if (known) return known.hostId
  const hostId = `host-${randomBytes(8).toString('hex')}` as HostId
  await writeJsonDurable(path, { hostId })
  return hostId
}
