/**
 * Egress-only internet gateways: made for one VPC, deleted; routes to one that is gone lead nowhere. Source: VPC user
 * guide, "Enable outbound IPv6 traffic using an egress-only internet gateway".
 */
import { FaultError } from '../../domain/faults.ts'
import { newId, type IdOf, type VpcId } from '../../domain/ids.ts'
import type { EgressOnlyGateway } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { baseOf, ownGet, scopeOf } from './scope.ts'

type GatewayId = IdOf<'egressOnlyGateway'>

/** As many as VPCs: AWS couples the two quotas. */
const GATEWAYS_MAX = 200

export interface EgressOnlyRequest {
  vpcId: VpcId
  clientToken: string | null
  tags: Tags
}

export function egressOnlyCreate(ctx: Ctx, request: EgressOnlyRequest): Change<EgressOnlyGateway> {
  return async (tx) => {
    const { vpcId, clientToken, tags } = request
    const operation = 'CreateEgressOnlyInternetGateway'
    const { result } = await onceByToken(ctx, tx, operation, clientToken, async () => {
      await ownGet(ctx, tx, 'vpc', vpcId)
      if ((await tx.count('egressOnlyGateway', scopeOf(ctx))) >= GATEWAYS_MAX) {
        const reason = 'The maximum number of egress-only internet gateways has been reached.'
        const kind = 'egressOnlyGateway'
        throw new FaultError({ type: 'LimitExceeded', kind, limit: GATEWAYS_MAX, reason })
      }
      const id = newId('egressOnlyGateway', ctx.app.random)
      await tx.insert('egressOnlyGateway', { ...baseOf(ctx, tags), id, vpcId })
      return id
    })
    return await ownGet(ctx, tx, 'egressOnlyGateway', result)
  }
}

export function egressOnlyDelete(ctx: Ctx, id: GatewayId): Change<void> {
  return async (tx) => {
    await tx.remove('egressOnlyGateway', await ownGet(ctx, tx, 'egressOnlyGateway', id))
  }
}
