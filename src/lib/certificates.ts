/**
 * X.509 certificates made: an authority of one's own, and what it vouches for by name. Elliptic keys (P-256), as small
 * and quick as they come. Node reads certificates but makes none.
 */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import {
  der,
  derBits,
  derInteger,
  derOctets,
  derOid,
  derSequence,
  derSet,
  derTagged,
  derText,
  derTime,
  derTrue,
} from './der.ts'

export interface Certified {
  certificatePem: string
  privateKeyPem: string
}

export interface Authority extends Certified {
  subject: string
  key: KeyObject
  publicKey: Buffer
}

export interface Validity {
  from: number
  to: number
  /** Eight random bytes. */
  serial: Uint8Array
}

const ALGORITHM = derSequence(derOid('1.2.840.10045.4.3.2'))
const COMMON_NAME = '2.5.4.3'
const EXTENSIONS = {
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
}
/** BIT STRINGs: keyCertSign; digitalSignature. */
const MAY_VOUCH = der(0x03, Buffer.from([0x02, 0x04]))
const MAY_SIGN = der(0x03, Buffer.from([0x07, 0x80]))
const DNS_NAME = 0x82
const KEY_ID = 0x80

const nameOf = (text: string): Buffer =>
  derSequence(derSet(derSequence(derOid(COMMON_NAME), derText(text))))
const critical = (oid: string, value: Buffer): Buffer =>
  derSequence(derOid(oid), derTrue(), derOctets(value))
const extension = (oid: string, value: Buffer): Buffer => derSequence(derOid(oid), derOctets(value))
const keyIdOf = (publicKey: Buffer): Buffer => createHash('sha1').update(publicKey).digest()

function pem(kind: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g)!
  return `-----BEGIN ${kind}-----\n${lines.join('\n')}\n-----END ${kind}-----\n`
}

function certificate(fields: {
  issuer: { subject: string; key: KeyObject; publicKey: Buffer }
  subject: string
  publicKey: Buffer
  validity: Validity
  extensions: readonly Buffer[]
}): string {
  const { issuer, subject, publicKey, validity, extensions } = fields
  const body = derSequence(
    derTagged(0, derInteger(2)),
    derInteger(validity.serial),
    ALGORITHM,
    nameOf(issuer.subject),
    derSequence(derTime(validity.from), derTime(validity.to)),
    nameOf(subject),
    publicKey,
    derTagged(
      3,
      derSequence(
        ...extensions,
        extension(EXTENSIONS.subjectKey, derOctets(keyIdOf(publicKey))),
        extension(EXTENSIONS.authorityKey, derSequence(der(KEY_ID, keyIdOf(issuer.publicKey)))),
      ),
    ),
  )
  const signature = sign('sha256', body, issuer.key)
  return pem('CERTIFICATE', derSequence(body, ALGORITHM, derBits(signature)))
}

function keysMake() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return {
    key: privateKey,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }) as Buffer,
  }
}

export function authorityMake(subject: string, validity: Validity): Authority {
  const keys = keysMake()
  const extensions = [
    critical(EXTENSIONS.basicConstraints, derSequence(derTrue())),
    critical(EXTENSIONS.keyUsage, MAY_VOUCH),
  ]
  const issuer = { subject, ...keys }
  const certificatePem = certificate({ issuer, ...issuer, validity, extensions })
  return { subject, ...keys, certificatePem }
}

/** For a server with these names; `*.` stands for one label. */
export function serverCertificateMake(
  issuer: Pick<Authority, 'subject' | 'key' | 'publicKey'>,
  names: readonly string[],
  validity: Validity,
): Certified {
  const keys = keysMake()
  const extensions = [
    critical(EXTENSIONS.basicConstraints, derSequence()),
    critical(EXTENSIONS.keyUsage, MAY_SIGN),
    extension(
      EXTENSIONS.alternativeNames,
      derSequence(...names.map((name) => der(DNS_NAME, Buffer.from(name)))),
    ),
  ]
  const subject = names[0] ?? ''
  const made = certificate({ issuer, subject, publicKey: keys.publicKey, validity, extensions })
  return { certificatePem: made, privateKeyPem: keys.privateKeyPem }
}
