/** CreateTargetGroup: of instances and of addresses. */
import { groupCreate } from '../../../app/balancers/groups.ts'
import { elbInvalid } from '../../../app/balancers/faults.ts'
import { elbTagsCheck } from '../../../app/balancers/tags.ts'
import type { TargetGroup } from '../../../domain/balancers/records.ts'
import { checkOf } from '../health-check.ts'
import { presentGroups } from '../present.ts'
import { refuse } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'CreateTargetGroup'>({
  handle: async (ctx, input) => {
    const { TargetType: targetType = 'instance', Protocol: protocol } = input
    if (targetType !== 'instance' && targetType !== 'ip') {
      throw refuse(`target groups of type ${targetType}`)
    }
    if (protocol === undefined) throw elbInvalid('A protocol must be specified')
    if (!['HTTP', 'HTTPS', 'TCP', 'TLS'].includes(protocol)) {
      throw refuse(`target groups of protocol ${protocol}`)
    }
    if ((input.IpAddressType ?? 'ipv4') !== 'ipv4') throw refuse('targets by IPv6')
    if (input.ProtocolVersion === 'GRPC' || input.Matcher?.GrpcCode !== undefined) {
      throw refuse('target groups of gRPC')
    }
    if (input.TargetControlPort !== undefined) throw refuse('target control')
    const group = await groupCreate(ctx, {
      name: input.Name!,
      protocol: protocol as TargetGroup['protocol'],
      protocolVersion: input.ProtocolVersion ?? null,
      port: input.Port ?? null,
      vpcId: input.VpcId ?? null,
      targetType,
      check: checkOf(input),
      tags: elbTagsCheck(input.Tags ?? []),
    })
    return { TargetGroups: await presentGroups(ctx, [group]) }
  },
})
