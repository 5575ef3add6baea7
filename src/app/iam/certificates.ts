/** Server certificates: checked, and kept with the key sealed. Source: IAM API reference (UploadServerCertificate). */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { iamArn, type IamServerCertificate } from '../../domain/iam/entities.ts'
import { FaultError } from '../../domain/faults.ts'
import { newIamId } from '../../domain/iam/ids.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { entityChange, entityInsert, newEntity } from './entities.ts'

const PURPOSE = 'server-certificate'
const CHAIN_MAX = 20

const malformed = (message: string): FaultError =>
  new FaultError({ type: 'Service', code: 'MalformedCertificateException', message })

/** @throws MalformedCertificate */
export function certificateParse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw malformed('Unable to parse certificate. Please ensure the certificate is in PEM format.')
  }
}

function chainCheck(chain: string): void {
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0 || blocks.length > CHAIN_MAX) {
    throw malformed('Unable to parse certificate chain. It must be in PEM format.')
  }
  for (const block of blocks) certificateParse(block)
}

function keyParse(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw malformed('Unable to parse key; the body must be a PEM private key without a password.')
  }
}

export async function certificateUpload(
  ctx: Ctx,
  request: {
    name: string
    path?: string | undefined
    body: string
    chain?: string | undefined
    key: string
    tags: Tags
  },
): Promise<IamServerCertificate> {
  const certificate = certificateParse(request.body)
  if (request.chain !== undefined) chainCheck(request.chain)
  if (!certificate.checkPrivateKey(keyParse(request.key))) {
    const message = 'Private key does not match certificate public key.'
    throw new FaultError({ type: 'Service', code: 'KeyPairMismatchException', message })
  }
  const id = newIamId('serverCertificate', ctx.app.random)
  return entityInsert(ctx, 'iamServerCertificate', {
    ...newEntity(ctx, id, request.name, request.path, request.tags),
    body: request.body,
    chain: request.chain ?? null,
    sealedKey: ctx.app.seal.seal(PURPOSE, request.key),
    expiresAt: certificate.validToDate.getTime(),
  })
}

export async function certificateRename(ctx: Ctx, name: string, to?: string, path?: string) {
  await entityChange(ctx, 'iamServerCertificate', name, (found) => {
    return { ...found, name: to ?? found.name, path: path ?? found.path }
  })
}

/** @throws DeleteConflict when a listener serves TLS with it. */
export async function certificateFree(
  certificate: IamServerCertificate,
  tx: StoreReader,
): Promise<void> {
  const reference = { name: 'certificate', value: iamArn('iamServerCertificate', certificate) }
  if ((await tx.count('listener', { reference })) === 0) return
  const message = `Certificate: ${certificate.id} is currently in use by a load balancer.`
  throw new FaultError({ type: 'Service', code: 'DeleteConflictException', message })
}

/** The private key, for who serves TLS with it; undefined: this cloud cannot open it. */
export function certificateKey(app: App, { sealedKey }: IamServerCertificate): string | undefined {
  return app.seal.open(PURPOSE, sealedKey)
}
