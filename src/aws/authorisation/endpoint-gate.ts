/**
 * The gate of VPC endpoints: a call that comes in at one is for its service and region, and its policy must allow the
 * call, whoever makes it; the caller's own policies are asked afterwards, as of any call.
 */
import type { Ctx } from '../../app/context.ts'
import { documentCompiled } from '../../app/iam/documents.ts'
import { endpointVia } from '../../app/network/endpoint-policies.ts'
import type { Keys } from '../../app/iam/context-keys.ts'
import { keysFrom } from '../../app/iam/context-keys.ts'
import { FaultError } from '../../domain/faults.ts'
import {
  decideAtEndpoint,
  type AccessPrincipal,
  type Decision,
  type SourcedPolicy,
} from '../../domain/iam/evaluate.ts'
import type { VpcEndpoint } from '../../domain/vpc-endpoint.ts'
import type { EdgeRequest } from '../edge-request.ts'
import { endpointNameOf } from '../ec2/endpoint-services.ts'
import type { Wanted } from './wanted.ts'

/** The endpoint that the request came through, if it did. @throws Fault `Unauthorized` for another service. */
export async function endpointOf(ctx: Ctx, edge: EdgeRequest): Promise<VpcEndpoint | undefined> {
  const endpoint = await endpointVia(ctx)
  if (!endpoint || endpoint.serviceName === endpointNameOf(edge.service, ctx.region))
    return endpoint
  const action = `${edge.service}:${edge.operation}`
  const reason = `The VPC endpoint ${endpoint.id} is of ${endpoint.serviceName} and serves no ${action}`
  throw new FaultError({ type: 'Unauthorized', action, reason })
}

/** Condition keys of what comes through an endpoint, and which of the others there is not. */
export function endpointKeys(keys: Keys, ctx: Ctx, endpoint: VpcEndpoint): Keys {
  const own = keysFrom({
    'aws:SourceVpce': endpoint.id,
    'aws:SourceVpc': endpoint.vpcId,
    'aws:VpcSourceIp': ctx.sourceIp?.replace(/^::ffff:(?=\d+\.)/i, ''),
  })
  const all: Keys = new Map([...keys, ...own])
  all.delete('aws:sourceip')
  return all
}

/** The first thing wanted that the policy does not allow; undefined: it allows all of it. */
export function endpointRefusal(
  endpoint: VpcEndpoint,
  principal: AccessPrincipal,
  keys: Keys,
  all: readonly Wanted[],
): { wanted: Wanted; decision: Exclude<Decision, { result: 'allowed' }> } | undefined {
  if (endpoint.policyDocument === undefined) return undefined
  const policy: SourcedPolicy = {
    name: endpoint.id,
    policy: documentCompiled(endpoint.policyDocument, 'resource'),
  }
  for (const wanted of all) {
    const { action, resource } = wanted
    const request = { action, resource, keys: new Map([...keys, ...keysFrom(wanted.keys)]) }
    const decision = decideAtEndpoint(request, principal, policy)
    if (decision.result !== 'allowed') return { wanted, decision }
  }
  return undefined
}
