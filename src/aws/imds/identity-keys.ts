/**
 * The key that signs instance identity documents, with its self-signed certificate. Made once and kept, because
 * verifiers outside the cloud hold a copy of the certificate, as they hold AWS's per region.
 */
import {
  generateKeyPair,
  sign,
  X509Certificate,
  createPrivateKey,
  type KeyObject,
} from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  derBits,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derRead,
  derSequence,
  derSet,
  derTagged,
  derText,
  derTime,
  derTrue,
} from '../../lib/der.ts'
import { present } from '../../lib/assert.ts'
import { readJson, writeFileDurable, writeJsonDurable } from '../../lib/fs-durable.ts'
import type { RandomSource } from '../../domain/ids.ts'
import type { Clock } from '../../lib/time.ts'

export interface IdentityKeys {
  privateKey: KeyObject
  certificatePem: string
  /** Signatures made, by kind and document (identity-document.ts). */
  made: Map<string, string>
  /** By which a signature names the certificate: issuer and serial number, in DER. */
  signerId: Buffer
}

interface KeyFile {
  privateKeyPem: string
  certificatePem: string
}

/** Where the key is kept, and the certificate once more for whoever verifies documents. */
const KEY_FILE = 'instance-identity.json'
const CERTIFICATE_FILE = 'instance-identity.pem'

const RSA_BITS = 2048
/** AWS's certificates run for decades: nothing would renew the copies that verifiers hold. */
const LIFETIME_MS = 30 * 365.25 * 24 * 3_600_000
export const OID = {
  sha256: '2.16.840.1.101.3.4.2.1',
  rsaEncryption: '1.2.840.113549.1.1.1',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
} as const

/** The keys kept in `folder` (BRUME_HOME/keys), made at the first call. */
export async function identityKeysOf(
  folder: string,
  services: { clock: Clock; random: RandomSource },
): Promise<IdentityKeys> {
  const path = join(folder, KEY_FILE)
  const known = await readJson<KeyFile>(path)
  const file = known ?? (await generate(services))
  if (!known) await writeJsonDurable(path, file)
  await writeFileDurable(join(folder, CERTIFICATE_FILE), file.certificatePem, { mode: 0o644 })
  return identityKeysFrom(file)
}

export async function identityKeysGenerate(services: {
  clock: Clock
  random: RandomSource
}): Promise<IdentityKeys> {
  return identityKeysFrom(await generate(services))
}

function identityKeysFrom({ privateKeyPem, certificatePem }: KeyFile): IdentityKeys {
  const certificate = new X509Certificate(certificatePem)
  const [outer] = derRead(certificate.raw)
  const [tbs] = derRead(present(outer, 'certificate').contents)
  // version, serialNumber, signature, issuer, …
  const [, serial, , issuer] = derRead(present(tbs, 'certificate body').contents)
  return {
    privateKey: createPrivateKey(privateKeyPem),
    made: new Map(),
    certificatePem,
    signerId: derSequence(
      present(issuer, 'issuer').encoded,
      present(serial, 'serial number').encoded,
    ),
  }
}

async function generate({ clock, random }: { clock: Clock; random: RandomSource }) {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS })
  const algorithm = derSequence(derOid(OID.sha256WithRsa), derNull())
  const name = derSequence(
    derSet(derSequence(derOid(OID.commonName), derText('Brume instance identity'))),
  )
  const now = clock.now()
  const version3 = derTagged(0, derInteger(2))
  const isNoAuthority = derSequence(
    derOid(OID.basicConstraints),
    derTrue(),
    derOctets(derSequence()),
  )
  const serial = Buffer.from(random.bytes(8))
  const body = derSequence(
    version3,
    derInteger(serial),
    algorithm,
    name,
    derSequence(derTime(now), derTime(now + LIFETIME_MS)),
    name,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    derTagged(3, derSequence(isNoAuthority)),
  )
  const signature = sign('sha256', body, pair.privateKey)
  const certificate = derSequence(body, algorithm, derBits(signature))
  const lines = certificate.toString('base64').match(/.{1,64}/g)!
  const certificatePem = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
  const privateKeyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { privateKeyPem, certificatePem }
}
