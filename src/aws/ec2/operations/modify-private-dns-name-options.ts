/** ModifyPrivateDnsNameOptions: the kind of host name of a stopped instance, the records of its id at any time. */
import type { ModifyPrivateDnsNameOptionsRequest } from '@aws-sdk/client-ec2'
import type { Ctx } from '../../../app/context.ts'
import {
  instanceModify,
  instanceModifyPlan,
  type InstanceChange,
} from '../../../app/instances/attributes.ts'
import { ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { resourceNamesOf } from '../../../domain/instance.ts'
import { operation } from '../../operation.ts'

type Input = Readonly<ModifyPrivateDnsNameOptionsRequest>

export default operation<'ec2', 'ModifyPrivateDnsNameOptions'>({
  check: async (ctx, input) => {
    for (const change of await changesOf(ctx, input)) {
      await instanceModifyPlan(ctx, parseId('instance', input.InstanceId!), change)
    }
  },
  handle: async (ctx, input) => {
    for (const change of await changesOf(ctx, input)) {
      await instanceModify(ctx, parseId('instance', input.InstanceId!), change)
    }
    return { Return: true }
  },
})

/** What may be refused comes first. */
async function changesOf(ctx: Ctx, input: Input): Promise<InstanceChange[]> {
  const id = parseId('instance', input.InstanceId!)
  const { spec } = await ownGet(ctx, ctx.app.store, 'instance', id)
  const names = resourceNamesOf(spec)
  const { PrivateDnsHostnameType: privateDnsHostnameType } = input
  const resourceNames = {
    hasA: input.EnableResourceNameDnsARecord ?? names.hasA,
    hasAaaa: input.EnableResourceNameDnsAAAARecord ?? names.hasAaaa,
  }
  const isRenamed =
    privateDnsHostnameType !== undefined && privateDnsHostnameType !== spec.privateDnsHostnameType
  return [
    ...(isRenamed ? [{ type: 'stoppedSpec' as const, values: { privateDnsHostnameType } }] : []),
    { type: 'spec', values: { resourceNames } },
  ]
}
