/** Internet gateways: made, attached to one VPC at most, deleted. */
import { FaultError } from '../../domain/faults.ts'
import { newId, type IdOf, type VpcId } from '../../domain/ids.ts'
import { publicBindings, type InternetGateway } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { baseOf, inVpc, ownGet, scopeOf } from './scope.ts'

type GatewayId = IdOf<'internetGateway'>

/** As many as VPCs (vpcs.ts): AWS couples the two quotas. */
const GATEWAYS_MAX = 200

export function gatewayCreate(ctx: Ctx, tags: Tags): Change<InternetGateway> {
  return async (tx) => {
    if ((await tx.count('internetGateway', scopeOf(ctx))) >= GATEWAYS_MAX) {
      const reason = 'The maximum number of internet gateways has been reached.'
      const kind = 'internetGateway'
      throw new FaultError({ type: 'LimitExceeded', kind, limit: GATEWAYS_MAX, reason })
    }
    const id = newId('internetGateway', ctx.app.random)
    return await tx.insert('internetGateway', { ...baseOf(ctx, tags), id, vpcId: null })
  }
}

/** @throws Fault `InUse` when the gateway or the VPC is attached already. */
export function gatewayAttach(ctx: Ctx, id: GatewayId, vpcId: VpcId): Change<void> {
  return async (tx) => {
    const gateway = await ownGet(ctx, tx, 'internetGateway', id)
    await ownGet(ctx, tx, 'vpc', vpcId)
    const kind = 'internetGateway'
    if (gateway.vpcId) throw new FaultError({ type: 'InUse', kind, id, by: gateway.vpcId })
    const [other] = await inVpc(ctx, tx, 'internetGateway', vpcId)
    if (other) {
      const reason = `Network ${vpcId} already has an internet gateway attached`
      throw new FaultError({ type: 'InvalidValue', parameter: 'vpcId', value: vpcId, reason })
    }
    await tx.update('internetGateway', { ...gateway, vpcId })
  }
}

/** @throws Faults `NotAttached`, `AddressesMapped`. */
export function gatewayDetach(ctx: Ctx, id: GatewayId, vpcId: VpcId): Change<void> {
  return async (tx) => {
    const gateway = await ownGet(ctx, tx, 'internetGateway', id)
    await ownGet(ctx, tx, 'vpc', vpcId)
    if (gateway.vpcId !== vpcId) {
      throw new FaultError({ type: 'NotAttached', kind: 'internetGateway', id, to: vpcId })
    }
    const interfaces = await inVpc(ctx, tx, 'networkInterface', vpcId)
    if (interfaces.some((each) => publicBindings(each).length > 0)) {
      throw new FaultError({ type: 'AddressesMapped', vpcId })
    }
    await tx.update('internetGateway', { ...gateway, vpcId: null })
  }
}

export function gatewayDelete(ctx: Ctx, id: GatewayId): Change<void> {
  return async (tx) => {
    const gateway = await ownGet(ctx, tx, 'internetGateway', id)
    if (gateway.vpcId) {
      const dependents = [gateway.vpcId]
      throw new FaultError({ type: 'DependencyViolation', kind: 'internetGateway', id, dependents })
    }
    await tx.remove('internetGateway', gateway)
  }
}
