/**
 * SSH key pairs. A created private key is answered once and never stored. Fingerprints as AWS computes them, which
 * depends on where a key came from (EC2 user guide, "Verify the fingerprint of your key pair"; the digest inputs and
 * spellings were compared with real answers): RSA made here: SHA-1 of the PKCS#8 private key in DER; RSA imported: MD5
 * of the public key in DER; Ed25519: padded base64 of the SHA-256 of the OpenSSH blob.
 */
import { createHash } from 'node:crypto'
import { FaultError, invalidValue, notFound } from '../domain/faults.ts'
import { newId, type IdOf } from '../domain/ids.ts'
import type { KeyPair } from '../domain/key-pair.ts'
import type { Tags } from '../domain/resource.ts'
import {
  sshKeyPairGenerate,
  sshPrivateKeyPem,
  sshPrivateKeyPpk,
  type SshKeyPair,
} from '../lib/ssh-private-key.ts'
import { sshPublicKeyLine, type SshPublicKey } from '../lib/ssh-public-key.ts'
import { ClaimTakenError, type StoreReader } from '../store/store.ts'
import type { Ctx } from './context.ts'

/** EC2 API reference, CreateKeyPair: up to 255 ASCII characters, no leading or trailing spaces. */
const NAME_LENGTH_MAX = 255
/** AWS's default quota. */
const KEY_PAIRS_MAX = 5_000
/** Of imported RSA keys: EC2 user guide, "Create a key pair using a third-party tool". */
export const RSA_BITS_IMPORTABLE: readonly number[] = [1024, 2048, 4096]

export interface KeyPairCreation {
  name: string
  type: 'rsa' | 'ed25519'
  format: 'pem' | 'ppk'
  tags: Tags
}

/** The new key pair, and its private half for the caller's eyes only. */
export async function keyPairCreate(
  ctx: Ctx,
  request: KeyPairCreation,
): Promise<{ keyPair: KeyPair; privateKey: string }> {
  await keyNameCheckFree(ctx, request.name)
  const pair = await sshKeyPairGenerate(request.type)
  const keyPair = await insert(ctx, request, pair.publicKey, fingerprintOfCreated(pair))
  const privateKey =
    request.format === 'ppk'
      ? sshPrivateKeyPpk(pair, request.name)
      : sshPrivateKeyPem(pair, request.name, Buffer.from(ctx.app.random.bytes(4)))
  return { keyPair, privateKey }
}

export async function keyPairImport(
  ctx: Ctx,
  request: { name: string; publicKey: SshPublicKey; tags: Tags },
): Promise<KeyPair> {
  await keyNameCheckFree(ctx, request.name)
  return insert(ctx, request, request.publicKey, fingerprintOfImported(request.publicKey))
}

/** All of the account's, or those named by name or id. @throws Fault `NotFound` when one is missing. */
export async function keyPairList(
  ctx: Ctx,
  wanted: { names?: readonly string[]; ids?: readonly IdOf<'keyPair'>[] } = {},
): Promise<KeyPair[]> {
  const all = await list(ctx, ctx.app.store)
  const { names = [], ids = [] } = wanted
  if (names.length === 0 && ids.length === 0) return all
  const known = new Set(all.flatMap((pair) => [pair.name, pair.id as string]))
  const missing = [...names, ...ids].find((one) => !known.has(one))
  if (missing !== undefined) throw notFound('keyPair', missing)
  return all.filter((pair) => names.includes(pair.name) || ids.includes(pair.id))
}

/** Deletes it if it is there; answers the id of what was deleted. Instances keep the key they were launched with. */
export function keyPairDelete(
  ctx: Ctx,
  wanted: { name?: string; id?: IdOf<'keyPair'> },
): Promise<IdOf<'keyPair'> | undefined> {
  return ctx.app.store.transact(async (tx) => {
    const all = await list(ctx, tx)
    const pair = all.find((one) =>
      wanted.id === undefined ? one.name === wanted.name : one.id === wanted.id,
    )
    if (pair) await tx.remove('keyPair', pair)
    return pair?.id
  })
}

/** @throws Fault `InvalidValue`, `Duplicate`. */
export async function keyNameCheckFree(ctx: Ctx, name: string): Promise<void> {
  if (name.length === 0 || name.length > NAME_LENGTH_MAX) {
    throw invalidValue('KeyName', name, `a name has 1 to ${NAME_LENGTH_MAX} characters`)
  }
  if (!/^[\x20-\x7e]+$/.test(name) || name !== name.trim()) {
    const reason = 'a name is printable ASCII without leading or trailing spaces'
    throw invalidValue('KeyName', name, reason)
  }
  const all = await list(ctx, ctx.app.store)
  if (all.some((pair) => pair.name === name)) throw duplicate(name)
  if (all.length >= KEY_PAIRS_MAX) {
    const reason = `an account has at most ${KEY_PAIRS_MAX} key pairs in a region`
    throw new FaultError({ type: 'LimitExceeded', kind: 'keyPair', limit: KEY_PAIRS_MAX, reason })
  }
}

function list(ctx: Ctx, reader: StoreReader): Promise<KeyPair[]> {
  return reader.list('keyPair', { account: ctx.account, region: ctx.region })
}

async function insert(
  ctx: Ctx,
  { name, tags }: { name: string; tags: Tags },
  publicKey: SshPublicKey,
  fingerprint: string,
): Promise<KeyPair> {
  const keyPair: KeyPair = {
    id: newId('keyPair', ctx.app.random),
    account: ctx.account,
    region: ctx.region,
    generation: 0,
    createdAt: ctx.app.clock.now(),
    tags,
    name,
    type: publicKey.type,
    fingerprint,
    publicKey: sshPublicKeyLine(publicKey, name),
  }
  try {
    return await ctx.app.store.transact((tx) => tx.insert('keyPair', keyPair))
  } catch (error) {
    // Another request with this name got in between.
    if (error instanceof ClaimTakenError) throw duplicate(name)
    throw error
  }
}

function duplicate(name: string): FaultError {
  return new FaultError({ type: 'Duplicate', kind: 'keyPair', name })
}

function fingerprintOfCreated({ publicKey, privateKey }: SshKeyPair): string {
  if (publicKey.type === 'ed25519') return fingerprintOfBlob(publicKey)
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  return colonHex(createHash('sha1').update(der).digest())
}

function fingerprintOfImported(publicKey: SshPublicKey): string {
  if (publicKey.type === 'ed25519') return fingerprintOfBlob(publicKey)
  const der = publicKey.key.export({ type: 'spki', format: 'der' })
  return colonHex(createHash('md5').update(der).digest())
}

function fingerprintOfBlob(publicKey: SshPublicKey): string {
  return createHash('sha256').update(publicKey.blob).digest('base64')
}

function colonHex(digest: Buffer): string {
  return digest.toString('hex').match(/../g)!.join(':')
}
