/**
 * Hypervisors: imported, changed, deleted; their tags' mappings; when their machines are listed anew. What is seen of
 * them comes from the reconciler. Source: Backup gateway API reference.
 */
import type { Hypervisor, TagMapping } from '../../domain/gateway.ts'
import { mappedTags } from '../../domain/gateway.ts'
import { addressParse, type HypervisorAddress } from '../../domain/hypervisor-address.ts'
import { FaultError } from '../../domain/faults.ts'
import type { HypervisorTest } from '../../domain/hypervisor.ts'
import { kmsKeyArn, type KmsKey } from '../../domain/kms.ts'
import type { Tags } from '../../domain/resource.ts'
import { ClaimTakenError, type StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { mayUseForeignKey } from '../kms/foreign.ts'
import { keyFind, usable } from '../kms/find.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { withCertificates } from './certificates.ts'
import { credentialsOpen, credentialsSeal, type Credentials } from './credentials.ts'
import { conflict, denied, invalid } from './faults.ts'
import { find, newGatewayId } from './find.ts'
import { gatewaysOf } from './gateways.ts'
import { hypervisorTest } from './source.ts'

const HYPERVISORS_MAX = 250
const MAPPINGS_MAX = 50

export interface ImportRequest extends Credentials {
  name: string
  host: string
  kmsKey: string | null
  tags: Tags
}

/** @throws ValidationException */
export function addressChecked(host: string, credentials: Credentials): HypervisorAddress {
  const address = addressParse(host, credentials.username, credentials.password)
  if (address.type === 'malformed') throw invalid(`Host: ${address.reason}.`)
  return address
}

export async function hypervisorImport(ctx: Ctx, request: ImportRequest): Promise<Hypervisor> {
  const { name, host, kmsKey } = request
  const credentials = { username: request.username, password: request.password }
  addressChecked(host, credentials)
  const key = kmsKey === null ? null : await keyOf(ctx, kmsKey)
  const id = newGatewayId(ctx.app, 'hypervisor')
  return claiming(host, () =>
    ctx.app.store.transact(async (tx) => {
      if ((await tx.count('hypervisor', scopeOf(ctx))) >= HYPERVISORS_MAX) {
        throw invalid(`There are ${HYPERVISORS_MAX} hypervisors, the most in a region.`)
      }
      return tx.insert('hypervisor', {
        ...baseOf(ctx, request.tags),
        id,
        name,
        host,
        sealed: credentialsSeal(ctx.app, id, key, credentials),
        kmsKeyArn: kmsKey === null ? null : key && kmsKeyArn(key),
        kmsKeyId: key?.id ?? null,
        logGroupArn: null,
        seen: { state: 'PENDING', reason: null, at: null },
        sync: { status: null, message: null, requestedAt: null },
        lastSyncedAt: null,
        mappings: [],
        roleArn: null,
      })
    }),
  )
}

/** @throws ValidationException when it cannot be used, AccessDeniedException when it is not the caller's to use. */
async function keyOf(ctx: Ctx, text: string): Promise<KmsKey> {
  const key = await keyFind(ctx, text)
    .then(usable)
    .catch((error: unknown) => {
      if (!(error instanceof FaultError) || error.fault.type !== 'Service') throw error
      throw invalid(`KmsKeyArn: ${error.fault.message}`)
    })
  if (key.account !== ctx.account && !(await mayUseForeignKey(ctx, key))) {
    throw denied(`The key ${text} does not let ${ctx.principal.arn} use it.`)
  }
  return key
}

async function claiming<T>(host: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ClaimTakenError)) throw error
    throw conflict(`A hypervisor with the host ${host} was imported already.`)
  }
}

export interface HypervisorChange {
  name?: string | undefined
  host?: string | undefined
  username?: string | undefined
  password?: string | undefined
  logGroupArn?: string | undefined
}

export async function hypervisorUpdate(ctx: Ctx, arn: string, change: HypervisorChange) {
  const { app } = ctx
  const host = change.host ?? ''
  await claiming(host, () =>
    app.store.transact(async (tx) => {
      const before = await find(ctx, 'hypervisor', arn, tx)
      const isMoved = [change.host, change.username, change.password].some(
        (one) => one !== undefined,
      )
      const named = {
        ...before,
        name: change.name ?? before.name,
        logGroupArn: change.logGroupArn ?? before.logGroupArn,
      }
      await tx.update('hypervisor', isMoved ? await moved(ctx, tx, named, change) : named)
    }),
  )
  app.activate('hypervisors')
}

/** With another host or other credentials: what was seen does not hold any more. */
async function moved(
  ctx: Ctx,
  tx: StoreTransaction,
  before: Hypervisor,
  change: HypervisorChange,
): Promise<Hypervisor> {
  const known = await credentialsOpen(ctx.app, before)
  const credentials = {
    username: change.username ?? known.username,
    password: change.password ?? known.password,
  }
  const host = change.host ?? before.host
  addressChecked(host, credentials)
  const key = before.kmsKeyId === null ? null : await tx.get('kmsKey', before.kmsKeyId)
  if (key === undefined) throw denied(`The key ${before.kmsKeyArn} does not exist.`)
  const sealed = credentialsSeal(ctx.app, before.id, key, credentials)
  return { ...before, host, sealed, seen: { state: 'PENDING', reason: null, at: null } }
}

export async function hypervisorDelete(ctx: Ctx, arn: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const hypervisor = await find(ctx, 'hypervisor', arn, tx)
    const [gateway] = await gatewaysOf(tx, hypervisor.id)
    if (gateway) throw conflict(`The gateway ${gateway.id} is associated with ${arn}.`)
    const reference = { name: 'hypervisor', value: hypervisor.id }
    for (const machine of await tx.list('gatewayMachine', { reference })) {
      await tx.remove('gatewayMachine', machine)
    }
    await tx.remove('hypervisor', hypervisor)
  })
}

export const hypervisorList = (ctx: Ctx): Promise<Hypervisor[]> =>
  ctx.app.store.list('hypervisor', scopeOf(ctx))

/** Only notes that it is wanted; the reconciler does it. */
export async function syncStart(ctx: Ctx, arn: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const hypervisor = await find(ctx, 'hypervisor', arn, tx)
    if ((await gatewaysOf(tx, hypervisor.id)).length === 0) {
      throw invalid(`No gateway is associated with ${arn}.`)
    }
    if (hypervisor.sync.status === 'CREATED') return
    const sync = { status: 'CREATED', message: null, requestedAt: ctx.app.clock.now() } as const
    await tx.update('hypervisor', { ...hypervisor, sync })
  })
  ctx.app.activate('hypervisors')
}

/** Of credentials that were not imported. @throws ValidationException with what the hypervisor said. */
export async function configurationTest(
  ctx: Ctx,
  gatewayArn: string,
  host: string,
  credentials: Credentials,
): Promise<void> {
  await find(ctx, 'backupGateway', gatewayArn)
  const address = await withCertificates(ctx.app, addressChecked(host, credentials))
  const outcome: HypervisorTest = await hypervisorTest(ctx.app, address)
  if (outcome.state === 'online') return
  throw invalid(
    outcome.state === 'offline'
      ? `The hypervisor ${host} cannot be reached: ${outcome.reason}`
      : `The hypervisor ${host} refused: ${outcome.reason}`,
  )
}

export async function mappingsPut(
  ctx: Ctx,
  arn: string,
  request: { mappings: readonly TagMapping[]; roleArn: string },
): Promise<void> {
  const { mappings, roleArn } = request
  if (mappings.length > MAPPINGS_MAX) throw invalid(`There are at most ${MAPPINGS_MAX} mappings.`)
  const reserved = mappings.find(({ key }) => key.toLowerCase().startsWith('aws:'))
  if (reserved) throw invalid(`AwsTagKey ${reserved.key}: keys that begin with aws: are reserved.`)
  const names = mappings.map(({ category, name, key }) => JSON.stringify([category, name, key]))
  if (new Set(names).size < names.length) throw invalid('A VMware tag is mapped to a key twice.')
  await roleCheck(ctx.app, ctx.account, roleArn)
  await ctx.app.store.transact(async (tx) => {
    const hypervisor = await find(ctx, 'hypervisor', arn, tx)
    await tx.update('hypervisor', { ...hypervisor, mappings, roleArn })
    const reference = { name: 'hypervisor', value: hypervisor.id }
    for (const machine of await tx.list('gatewayMachine', { reference })) {
      await tx.update('gatewayMachine', { ...machine, mapped: mappedTags(machine.words, mappings) })
    }
  })
}

/** @throws AccessDeniedException unless the account has such a role. */
async function roleCheck(app: App, account: string, roleArn: string): Promise<void> {
  const [, owner, path = ''] = /^arn:aws:iam::(\d+):role\/(\S+)$/.exec(roleArn) ?? []
  const name = path.split('/').at(-1) ?? ''
  const reference = { name: 'name', value: `${account}/${name.toLowerCase()}` }
  const [role] = owner === account ? await app.store.list('iamRole', { reference }) : []
  if (!role) throw denied(`The role ${roleArn} does not exist in this account.`)
}
