/**
 * SSH public keys and signing certificates of users: records that IAM keeps for services which are not here.
 * Source: IAM API reference (UploadSSHPublicKey, UploadSigningCertificate).
 */
import { createHash } from 'node:crypto'
import type { IamUser, IamUserKey } from '../../domain/iam/entities.ts'
import { FaultError } from '../../domain/faults.ts'
import { newIamId } from '../../domain/iam/ids.ts'
import { base32 } from '../../lib/base32.ts'
import { sshPublicKeyParse } from '../../lib/ssh-public-key.ts'
import { ClaimTakenError, type StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { certificateParse } from './certificates.ts'
import { wholeSecond } from './entities.ts'
import { noSuch, quotaExceeded } from './faults.ts'

type Type = IamUserKey['type']

const PER_USER_MAX: Record<Type, number> = { ssh: 5, signing: 2 }
const QUOTAS: Record<Type, string> = {
  ssh: 'SSHPublicKeysPerUser',
  signing: 'SigningCertificatesPerUser',
}
const RSA_BITS_MIN = 2_048

const service = (code: string, message: string): FaultError =>
  new FaultError({ type: 'Service', code, message })

const DUPLICATE: Record<Type, FaultError> = {
  ssh: service('DuplicateSSHPublicKeyException', 'The SSH public key is already associated.'),
  signing: service('DuplicateCertificateException', 'The certificate is already associated.'),
}

/** MD5 of the key, as AWS shows it; of the whole certificate, to know it again. */
function fingerprintOf(type: Type, body: string): string {
  if (type === 'signing') return certificateParse(body).fingerprint256
  const key = sshPublicKeyParse(Buffer.from(body))
  if (!key) {
    const message = 'The SSH public key is not an RSA or Ed25519 key in ssh-rsa or PEM format.'
    throw service('UnrecognizedPublicKeyEncodingException', message)
  }
  if (key.type === 'rsa' && key.bits < RSA_BITS_MIN) {
    const message = `The SSH public key must have at least ${RSA_BITS_MIN} bits.`
    throw service('InvalidPublicKeyException', message)
  }
  const digest = createHash('md5').update(key.blob).digest('hex')
  return digest.match(/../g)!.join(':')
}

export async function userKeyUpload(
  ctx: Ctx,
  type: Type,
  user: IamUser,
  body: string,
): Promise<IamUserKey> {
  const key: IamUserKey = {
    id: type === 'ssh' ? newIamId('sshKey', ctx.app.random) : base32(ctx.app.random.bytes(20)),
    account: ctx.account,
    region: '*',
    generation: 0,
    createdAt: wholeSecond(ctx.app.clock.now()),
    tags: {},
    type,
    userId: user.id,
    body,
    fingerprint: fingerprintOf(type, body),
    isActive: true,
  }
  try {
    return await ctx.app.store.transact(async (tx) => {
      const count = (await userKeys(ctx, type, user, tx)).length
      if (count >= PER_USER_MAX[type]) throw quotaExceeded(QUOTAS[type], PER_USER_MAX[type])
      return tx.insert('iamUserKey', key)
    })
  } catch (error) {
    throw error instanceof ClaimTakenError ? DUPLICATE[type] : error
  }
}

export async function userKeys(
  ctx: Ctx,
  type: Type,
  user: IamUser,
  reader: StoreReader = ctx.app.store,
): Promise<IamUserKey[]> {
  const reference = { name: 'user', value: user.id }
  const all = await reader.list('iamUserKey', { account: ctx.account, reference })
  return all.filter((one) => one.type === type)
}

/** @throws NoSuchEntity unless it is the user's. */
export async function userKeyGet(
  ctx: Ctx,
  type: Type,
  user: IamUser,
  id: string,
  reader: StoreReader = ctx.app.store,
): Promise<IamUserKey> {
  const found = (await userKeys(ctx, type, user, reader)).find((one) => one.id === id)
  if (found) return found
  throw noSuch(
    type === 'ssh'
      ? `The Public Key with id ${id} cannot be found.`
      : `The Certificate with id ${id} cannot be found.`,
  )
}

export async function userKeyStatus(
  ctx: Ctx,
  type: Type,
  user: IamUser,
  id: string,
  isActive: boolean,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.update('iamUserKey', { ...(await userKeyGet(ctx, type, user, id, tx)), isActive })
  })
}

export async function userKeyRemove(ctx: Ctx, type: Type, user: IamUser, id: string) {
  await ctx.app.store.transact(async (tx) => {
    await tx.remove('iamUserKey', await userKeyGet(ctx, type, user, id, tx))
  })
}
