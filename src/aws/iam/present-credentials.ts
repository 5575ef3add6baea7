/** Certificates, keys and MFA seeds in IAM's words. */
import type {
  ServerCertificateMetadata,
  SigningCertificate,
  SSHPublicKey,
} from '@aws-sdk/client-iam'
import type { Ctx } from '../../app/context.ts'
import {
  iamArn,
  type IamServerCertificate,
  type IamUser,
  type IamUserKey,
} from '../../domain/iam/entities.ts'
import { FaultError } from '../../domain/faults.ts'
import { base32 } from '../../lib/base32.ts'
import { qrPng } from '../../lib/qr-png.ts'
import { sshPublicKeyParse } from '../../lib/ssh-public-key.ts'

export function presentCertificate(certificate: IamServerCertificate): ServerCertificateMetadata {
  return {
    Path: certificate.path,
    ServerCertificateName: certificate.name,
    ServerCertificateId: certificate.id,
    Arn: iamArn('iamServerCertificate', certificate),
    UploadDate: new Date(certificate.createdAt),
    Expiration: new Date(certificate.expiresAt),
  }
}

export function statusOf({ isActive }: IamUserKey): 'Active' | 'Inactive' {
  return isActive ? 'Active' : 'Inactive'
}

/** As it was uploaded, or in the form asked for. */
export function presentSshKey(user: IamUser, key: IamUserKey, encoding?: string): SSHPublicKey {
  const parsed = sshPublicKeyParse(Buffer.from(key.body))!
  const pem = () => String(parsed.key.export({ format: 'pem', type: 'spki' }))
  const line = () => {
    const algorithm = parsed.type === 'rsa' ? 'ssh-rsa' : 'ssh-ed25519'
    return `${algorithm} ${parsed.blob.toString('base64')}`
  }
  return {
    UserName: user.name,
    SSHPublicKeyId: key.id,
    Fingerprint: key.fingerprint,
    SSHPublicKeyBody: encoding === undefined ? key.body : encoding === 'PEM' ? pem() : line(),
    Status: statusOf(key),
    UploadDate: new Date(key.createdAt),
  }
}

export function presentSigning(user: IamUser, key: IamUserKey): SigningCertificate {
  return {
    UserName: user.name,
    CertificateId: key.id,
    CertificateBody: key.body,
    Status: statusOf(key),
    UploadDate: new Date(key.createdAt),
  }
}

/** For an authenticator app: to be typed, and to be photographed. */
export function presentSeed(ctx: Ctx, name: string, seed: Uint8Array) {
  const secret = base32(seed)
  const label = encodeURIComponent(`${name}@${ctx.account}`)
  const uri = `otpauth://totp/Brume:${label}?secret=${secret}&issuer=Brume`
  return { Base32StringSeed: Buffer.from(secret), QRCodePNG: qrPng(uri) }
}

/** Encrypted assertions: no assertion is read here at all. */
export function encryptionRefuse(input: {
  AssertionEncryptionMode?: string | undefined
  AddPrivateKey?: string | undefined
  RemovePrivateKey?: string | undefined
}): void {
  const { AssertionEncryptionMode: mode, AddPrivateKey: add, RemovePrivateKey: remove } = input
  if (mode === undefined && add === undefined && remove === undefined) return
  throw new FaultError({ type: 'Unsupported', feature: 'Encryption of SAML assertions' })
}
