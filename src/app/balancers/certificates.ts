/** Certificates of listeners: those of IAM, which keeps their keys sealed. ACM is not here. */
import { createHash } from 'node:crypto'
import type { CertificatePlan } from '../../domain/balancers/plan.ts'
import { iamArn, type IamServerCertificate } from '../../domain/iam/entities.ts'
import type { StoreReader } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { certificateKey } from '../iam/certificates.ts'
import { elbFault } from './faults.ts'

async function byArn(
  reader: StoreReader,
  account: string,
  arn: string,
): Promise<IamServerCertificate | undefined> {
  const [, of, path] = /^arn:aws:iam::(\d{12}):server-certificate\/(.+)$/.exec(arn) ?? []
  if (of !== account || path === undefined) return undefined
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const reference = { name: 'name', value: `${account}/${name}` }
  const [found] = await reader.list('iamServerCertificate', { reference })
  return found && iamArn('iamServerCertificate', found) === arn ? found : undefined
}

/** @throws CertificateNotFound. */
export async function certificatesCheck(
  ctx: Ctx,
  reader: StoreReader,
  arns: readonly string[],
): Promise<void> {
  for (const arn of arns) {
    if (await byArn(reader, ctx.account, arn)) continue
    const hint = arn.startsWith('arn:aws:acm:')
      ? ' (certificates of ACM are not served here: upload one with iam upload-server-certificate)'
      : ''
    throw elbFault('CertificateNotFoundException', `Certificate '${arn}' not found${hint}`)
  }
}

/** As the host needs it: certificate, chain and key in one; null: it is gone, or its key cannot be opened. */
export async function certificatePlan(
  app: App,
  account: string,
  arn: string,
): Promise<CertificatePlan | null> {
  const found = await byArn(app.store, account, arn)
  const key = found && certificateKey(app, found)
  if (!found || key === undefined) return null
  const pem = [found.body, found.chain ?? '', key].map((part) => part.trim()).filter(Boolean)
  const text = `${pem.join('\n')}\n`
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return { id: `c-${digest}`, pem: text }
}
