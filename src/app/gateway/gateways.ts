/** Gateways: made with an activation key, associated with one hypervisor each. Source: Backup gateway API reference. */
import {
  scheduleFault,
  type BackupGateway,
  type BandwidthInterval,
  type MaintenanceStart,
} from '../../domain/gateway.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { activationKeyUse } from './activation.ts'
import { conflict, invalid } from './faults.ts'
import { arnOf, find, mustFind, newGatewayId } from './find.ts'

const GATEWAYS_MAX = 250

export async function gatewayCreate(
  ctx: Ctx,
  request: { activationKey: string; name: string; tags: Tags },
): Promise<BackupGateway> {
  return ctx.app.store.transact(async (tx) => {
    await activationKeyUse(ctx, tx, request.activationKey)
    if ((await tx.count('backupGateway', scopeOf(ctx))) >= GATEWAYS_MAX) {
      throw invalid(`There are ${GATEWAYS_MAX} gateways, the most that an account has in a region.`)
    }
    return tx.insert('backupGateway', {
      ...baseOf(ctx, request.tags),
      id: newGatewayId(ctx.app, 'backupGateway'),
      name: request.name,
      hypervisorId: null,
      maintenance: null,
      bandwidth: [],
    })
  })
}

export async function gatewayChange(
  ctx: Ctx,
  arn: string,
  change: (gateway: BackupGateway) => BackupGateway,
): Promise<BackupGateway> {
  return ctx.app.store.transact(async (tx) =>
    tx.update('backupGateway', change(await find(ctx, 'backupGateway', arn, tx))),
  )
}

export async function gatewayDelete(ctx: Ctx, arn: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const gateway = await find(ctx, 'backupGateway', arn, tx)
    await tx.remove('backupGateway', gateway)
    if (gateway.hypervisorId !== null) await unwatch(tx, gateway.hypervisorId)
  })
  ctx.app.activate('hypervisors')
}

/** Another gateway may be associated with the same hypervisor; a gateway with one only. */
export async function gatewayAssociate(ctx: Ctx, arn: string, serverArn: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const gateway = await mustFind(ctx, 'backupGateway', arn, tx)
    const hypervisor = await mustFind(ctx, 'hypervisor', serverArn, tx)
    if (gateway.hypervisorId === hypervisor.id) return
    if (gateway.hypervisorId !== null) {
      throw conflict(`${arn} is associated with ${gateway.hypervisorId}: disassociate it first.`)
    }
    await tx.update('backupGateway', { ...gateway, hypervisorId: hypervisor.id })
  })
  ctx.app.activate('hypervisors')
}

export async function gatewayDisassociate(ctx: Ctx, arn: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const gateway = await find(ctx, 'backupGateway', arn, tx)
    if (gateway.hypervisorId === null) throw conflict(`${arn} is associated with no hypervisor.`)
    await tx.update('backupGateway', { ...gateway, hypervisorId: null })
    await unwatch(tx, gateway.hypervisorId)
  })
  ctx.app.activate('hypervisors')
}

/** Without a gateway nobody knows how a hypervisor is. */
async function unwatch(tx: StoreTransaction, hypervisorId: string): Promise<void> {
  if ((await gatewaysOf(tx, hypervisorId)).length > 0) return
  const hypervisor = await tx.get('hypervisor', hypervisorId)
  if (!hypervisor) return
  const seen = { state: 'PENDING', reason: null, at: null } as const
  await tx.update('hypervisor', { ...hypervisor, seen })
}

export function gatewaysOf(reader: StoreReader, hypervisorId: string): Promise<BackupGateway[]> {
  return reader.list('backupGateway', { reference: { name: 'hypervisor', value: hypervisorId } })
}

export const gatewayList = (ctx: Ctx): Promise<BackupGateway[]> =>
  ctx.app.store.list('backupGateway', scopeOf(ctx))

export async function maintenancePut(
  ctx: Ctx,
  arn: string,
  maintenance: MaintenanceStart,
): Promise<BackupGateway> {
  if (maintenance.dayOfWeek !== null && maintenance.dayOfMonth !== null) {
    throw invalid('A maintenance window has DayOfWeek or DayOfMonth, not both.')
  }
  return gatewayChange(ctx, arn, (gateway) => ({ ...gateway, maintenance }))
}

export async function bandwidthPut(
  ctx: Ctx,
  arn: string,
  bandwidth: readonly BandwidthInterval[],
): Promise<BackupGateway> {
  const reason = scheduleFault(bandwidth)
  if (reason !== null) throw invalid(`BandwidthRateLimitIntervals: ${reason}.`)
  return gatewayChange(ctx, arn, (gateway) => ({ ...gateway, bandwidth }))
}

/** Its software is this program's, which no call of an API replaces. @throws ValidationException */
export async function gatewayUpdateNow(ctx: Ctx, arn: string): Promise<never> {
  const gateway = await find(ctx, 'backupGateway', arn)
  throw invalid(
    `No software update is available for ${arnOf('backupGateway', gateway)}: it is part of Brume and is updated with it.`,
  )
}
