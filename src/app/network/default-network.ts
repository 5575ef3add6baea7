/**
 * The default VPC of an account in a region, made when the account is first seen there, as AWS does: a subnet in
 * each zone, main route table, internet gateway, default group and network ACL. One transaction, so it is there
 * whole or not at all. Source: VPC user guide, "Default VPC components".
 */
import { FaultError } from '../../domain/faults.ts'
import { newId } from '../../domain/ids.ts'
import type { Vpc } from '../../domain/network.ts'
import { ClaimTakenError, type StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { baseOf, scopeOf, type NewBase } from './scope.ts'
import { subnetInsert } from './subnets.ts'
import { vpcInsert, vpcMustHaveRoom } from './vpcs.ts'

const VPC_CIDR = '172.31.0.0/16'
const SUBNET_PREFIX = 20

/** Accounts and regions seen since we started: one look-up each, not one a request. */
const seenByApp = new WeakMap<App, Set<string>>()

export async function defaultNetworkEnsure(app: App, account: string, region: string) {
  const seen = seenByApp.get(app) ?? new Set()
  seenByApp.set(app, seen)
  const key = `${account}/${region}`
  if (seen.has(key)) return
  const name = `network-of/${key}`
  try {
    await app.store.transact(async (tx) => {
      if (await tx.setting(name)) return
      const base = { account, region, generation: 0 as const, createdAt: app.clock.now(), tags: {} }
      await defaultVpcInsert(app, tx, base)
      // Remembered apart from the VPC: a user may delete the default VPC and it stays deleted.
      await tx.settingPut(name, 'made')
    })
  } catch (error) {
    // Two first requests at once: the other one made it.
    if (!(error instanceof ClaimTakenError)) throw error
  }
  seen.add(key)
}

export async function defaultVpcInsert(
  app: App,
  tx: StoreTransaction,
  base: NewBase,
): Promise<Vpc> {
  const { vpc, mainTable } = await vpcInsert(app, tx, base, {
    cidrBlock: VPC_CIDR,
    tenancy: 'default',
    isDefault: true,
  })
  const gateway = await tx.insert('internetGateway', {
    ...base,
    id: newId('internetGateway', app.random),
    vpcId: vpc.id,
  })
  for (const [n, zone] of app.settings.zones.entries()) {
    await subnetInsert(app, tx, base, {
      vpcId: vpc.id,
      zone: `${base.region}${zone}`,
      cidrBlock: `172.31.${n * 16}.0/${SUBNET_PREFIX}`,
      isDefaultForZone: true,
      mapPublicIpOnLaunch: true,
    })
  }
  const target = { type: 'internetGateway' as const, id: gateway.id }
  const route = { destination: '0.0.0.0/0', target, origin: 'CreateRoute' as const }
  await tx.update('routeTable', { ...mainTable, routes: [...mainTable.routes, route] })
  return vpc
}

/** Another default VPC, after the first was deleted. */
export function defaultVpcCreate(ctx: Ctx): Change<Vpc> {
  return async (tx) => {
    const reference = { name: 'default', value: 'yes' }
    const [present] = await tx.list('vpc', { ...scopeOf(ctx), reference })
    if (present) throw new FaultError({ type: 'AlreadyDefault', kind: 'vpc', id: present.id })
    await vpcMustHaveRoom(ctx, tx)
    return await defaultVpcInsert(ctx.app, tx, baseOf(ctx))
  }
}
