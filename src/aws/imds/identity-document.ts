/**
 * The instance identity document and its signatures. `signature`: RSA-SHA256 over the document; `pkcs7` and `rsa2048`:
 * CMS SignedData (RFC 5652) with the document inside, base64 without PEM's marks. On AWS `pkcs7` is signed with DSA
 * and SHA-1; here with the same RSA key as the others. The certificate: BRUME_HOME/keys/instance-identity.pem.
 */
import { createHash, sign } from 'node:crypto'
import type { MetadataView } from '../../app/metadata.ts'
import {
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
  derSet,
  derTagged,
  derTime,
} from '../../lib/der.ts'
import { OID, type IdentityKeys } from './identity-keys.ts'

const CMS = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
} as const

/** AWS's fields, order and spacing: verifiers compare and parse the very text. */
export function identityDocument(view: MetadataView): string {
  const fields: Record<string, string | null> = {
    accountId: view.account,
    architecture: view.architecture,
    availabilityZone: view.zone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: view.imageId,
    instanceId: view.instanceId,
    instanceType: view.instanceType,
    kernelId: null,
    pendingTime: `${new Date(view.launchedAt).toISOString().slice(0, 19)}Z`,
    privateIp: view.interfaces[0]?.privateAddresses[0] ?? null,
    ramdiskId: null,
    region: view.region,
    version: '2017-09-30',
  }
  const lines = Object.entries(fields).map(
    ([name, value]) => `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`,
  )
  return `{\n${lines.join(',\n')}\n}`
}

export function identitySignature(document: string, keys: IdentityKeys): string {
  return once(keys, `signature\n${document}`, () =>
    sign('sha256', Buffer.from(document), keys.privateKey),
  )
}

/** Documents change with a launch; this many instances boot at a time at most. */
const MADE_MAX = 1_000

/** Signing costs the daemon a millisecond or more, and a guest may ask as often as it likes. */
function once({ made }: IdentityKeys, key: string, make: () => Buffer): string {
  const known = made.get(key)
  if (known !== undefined) return known
  if (made.size >= MADE_MAX) made.clear()
  const text = wrapped(make())
  made.set(key, text)
  return text
}

/** `signedAt` is part of what is signed; the launch time keeps the answer the same at every request. */
export function identityCms(document: string, keys: IdentityKeys, signedAt: number): string {
  return once(keys, `cms ${signedAt}\n${document}`, () => cmsOf(document, keys, signedAt))
}

function cmsOf(document: string, keys: IdentityKeys, signedAt: number): Buffer {
  const content = Buffer.from(document)
  const sha256 = derSequence(derOid(OID.sha256), derNull())
  const attribute = (oid: string, value: Buffer): Buffer => derSequence(derOid(oid), derSet(value))
  const attributes = [
    attribute(CMS.contentType, derOid(CMS.data)),
    attribute(CMS.signingTime, derTime(signedAt)),
    attribute(CMS.messageDigest, derOctets(createHash('sha256').update(content).digest())),
  ]
  const asSet = derSet(...attributes)
  // Signed as SET OF, sent as [0] IMPLICIT: the same bytes but for the tag (RFC 5652 §5.4).
  const asTagged = Buffer.from(asSet)
  asTagged[0] = 0xa0
  const signer = derSequence(
    derInteger(1),
    keys.signerId,
    sha256,
    asTagged,
    derSequence(derOid(OID.rsaEncryption), derNull()),
    derOctets(sign('sha256', asSet, keys.privateKey)),
  )
  const signedData = derSequence(
    derInteger(1),
    derSet(sha256),
    derSequence(derOid(CMS.data), derTagged(0, derOctets(content))),
    derSet(signer),
  )
  return derSequence(derOid(CMS.signedData), derTagged(0, signedData))
}

/** Lines as AWS breaks them. */
function wrapped(bytes: Buffer): string {
  return bytes
    .toString('base64')
    .match(/.{1,76}/g)!
    .join('\n')
}
