/**
 * DescribeInstanceCreditSpecifications. Without ids: the burstable instances with unlimited credits, as AWS. What
 * credits do: app/metrics/credits.ts.
 */
import { instanceCredits } from '../../../app/instances/credits.ts'
import { instancesFind } from '../../../app/instances/list.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { idsOf } from '../present/state-change.ts'

interface Credits {
  InstanceId: string
  CpuCredits: string
}

export default operation<'ec2', 'DescribeInstanceCreditSpecifications', Credits>({
  filters: { 'instance-id': (one) => one.InstanceId },
  handle: async (ctx, input, call) => {
    const ids = idsOf(input.InstanceIds)
    const all = (await instancesFind(ctx, ids)).map((instance) => {
      return { instance, credits: instanceCredits(ctx.app, instance) }
    })
    const stray = all.find((one) => one.credits === null)
    if (ids.length > 0 && stray) {
      const { id, spec } = stray.instance
      throw new FaultError({
        type: 'Unsupported',
        feature: `a credit specification of ${id}, a ${spec.instanceType},`,
        hint: 'only burstable performance instances (T2, T3, T3a, T4g) have one',
      })
    }
    const shown = all.flatMap(({ instance, credits }): Credits[] => {
      const isListed = credits === 'unlimited' && instance.releasedAt === null
      if (credits === null || (ids.length === 0 && !isListed)) return []
      return [{ InstanceId: instance.id, CpuCredits: credits }]
    })
    const page = call.page(call.filter(shown), {
      key: (one) => one.InstanceId,
      defaultSize: 1_000,
    })
    return { InstanceCreditSpecifications: page.items, NextToken: page.nextToken }
  },
})
