/**
 * Keys made at the first start, each in a file that only its owner may read: the root access key of the first
 * account, and the key that signs page tokens and metadata tokens.
 */
import { randomBytes, randomInt } from 'node:crypto'
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
