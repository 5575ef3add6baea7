/**
 * SSH public keys in the forms people have them: one line of OpenSSH, RFC 4716, PEM, base64 DER. Parsed once into the
 * wire blob (RFC 4253 §6.6), from which every other form is made. RSA and Ed25519 only.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'

export interface SshPublicKey {
  type: 'rsa' | 'ed25519'
  /** The RFC 4253 encoding: what ssh-keygen fingerprints and OpenSSH writes in base64. */
  blob: Buffer
  key: KeyObject
  /** Modulus of an RSA key in bits; 256 for Ed25519. */
  bits: number
}

const ALGORITHMS = { rsa: 'ssh-rsa', ed25519: 'ssh-ed25519' } as const

/** More than any RSA key of 16384 bits with a long comment takes. */
const TEXT_BYTES_MAX = 16 * 1024

/** The key, or null when `material` is no RSA or Ed25519 public key in any of the forms. */
export function sshPublicKeyParse(material: Uint8Array): SshPublicKey | null {
  if (material.length > TEXT_BYTES_MAX) return null
  const text = Buffer.from(material).toString('latin1').trim()
  try {
    if (text.startsWith('---- BEGIN SSH2 PUBLIC KEY ----')) return fromBlob(rfc4716Body(text))
    if (text.startsWith('-----BEGIN ')) return fromKeyObject(publicOnly(text))
    const line = /^(ssh-rsa|ssh-ed25519)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t][^\r\n]*)?$/.exec(text)
    if (line) {
      const parsed = fromBlob(Buffer.from(line[2]!, 'base64'))
      return ALGORITHMS[parsed.type] === line[1] ? parsed : null
    }
    const compact = text.replace(/[\r\n]+/g, '')
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return null
    return fromBase64Der(Buffer.from(compact, 'base64'))
  } catch {
    // Node's parsers throw for malformed material; which way it is malformed helps nobody.
    return null
  }
}

/** `ssh-ed25519 AAAA… comment`. */
export function sshPublicKeyLine(key: SshPublicKey, comment: string): string {
  return `${ALGORITHMS[key.type]} ${key.blob.toString('base64')} ${comment}`
}

export function fromKeyObject(key: KeyObject): SshPublicKey {
  const jwk = key.export({ format: 'jwk' })
  if (key.asymmetricKeyType === 'ed25519') {
    const point = Buffer.from(jwk.x!, 'base64url')
    const blob = Buffer.concat([sshString(ALGORITHMS.ed25519), sshString(point)])
    return { type: 'ed25519', blob, key, bits: 256 }
  }
  if (key.asymmetricKeyType !== 'rsa') throw new TypeError('neither RSA nor Ed25519')
  const exponent = Buffer.from(jwk.e!, 'base64url')
  const modulus = Buffer.from(jwk.n!, 'base64url')
  const blob = Buffer.concat([sshString(ALGORITHMS.rsa), sshInteger(exponent), sshInteger(modulus)])
  return { type: 'rsa', blob, key, bits: key.asymmetricKeyDetails!.modulusLength! }
}

function fromBlob(blob: Buffer): SshPublicKey {
  const fields = sshFields(blob)
  const algorithm = fields[0]?.toString('latin1')
  const url = (bytes: Buffer): string => bytes.toString('base64url')
  if (algorithm === ALGORITHMS.rsa && fields.length === 3) {
    const [, e, n] = fields as [Buffer, Buffer, Buffer]
    const jwk = { kty: 'RSA', e: url(withoutSign(e)), n: url(withoutSign(n)) }
    return fromKeyObject(createPublicKey({ key: jwk, format: 'jwk' }))
  }
  if (algorithm === ALGORITHMS.ed25519 && fields.length === 2 && fields[1]!.length === 32) {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: url(fields[1]!) }
    return fromKeyObject(createPublicKey({ key: jwk, format: 'jwk' }))
  }
  throw new TypeError('not an RSA or Ed25519 key')
}

/** SubjectPublicKeyInfo, or the bare PKCS#1 structure that old tools write. */
function fromBase64Der(der: Buffer): SshPublicKey {
  try {
    return fromKeyObject(createPublicKey({ key: der, format: 'der', type: 'spki' }))
  } catch {
    return fromKeyObject(createPublicKey({ key: der, format: 'der', type: 'pkcs1' }))
  }
}

/** Node would derive the public half of a private key; nobody should send us one. */
function publicOnly(pem: string): KeyObject {
  if (!/^-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) throw new TypeError('not a public key')
  return createPublicKey(pem)
}

/** RFC 4716: headers are `Name: value`, continued after a backslash; the rest is base64. */
function rfc4716Body(text: string): Buffer {
  const lines = text.split(/\r?\n/)
  const end = lines.indexOf('---- END SSH2 PUBLIC KEY ----')
  if (end < 0) throw new TypeError('no end marker')
  let body = ''
  let isInHeader = false
  for (const line of lines.slice(1, end)) {
    const isHeader: boolean = isInHeader || line.includes(':')
    isInHeader = isHeader && line.endsWith('\\')
    if (!isHeader) body += line.trim()
  }
  return Buffer.from(body, 'base64')
}

function sshFields(blob: Buffer): Buffer[] {
  const fields: Buffer[] = []
  for (let at = 0; at < blob.length;) {
    const length = blob.readUInt32BE(at)
    const end = at + 4 + length
    if (end > blob.length) throw new RangeError('field beyond the end')
    fields.push(blob.subarray(at + 4, end))
    at = end
  }
  return fields
}

export function sshString(bytes: Uint8Array | string): Buffer {
  const body = Buffer.from(bytes as Uint8Array)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([length, body])
}

/** RFC 4251 `mpint` of an unsigned number: no leading zeros but the one that keeps it positive. */
export function sshInteger(bytes: Uint8Array): Buffer {
  const plain = withoutSign(Buffer.from(bytes))
  const isNegativeLooking = (plain[0] ?? 0) >= 0x80
  return sshString(isNegativeLooking ? Buffer.concat([Buffer.alloc(1), plain]) : plain)
}

function withoutSign(bytes: Buffer): Buffer {
  let at = 0
  while (at < bytes.length && bytes[at] === 0) at++
  return bytes.subarray(at)
}
