/** DescribeInstanceCreditSpecifications: without ids, the burstable instances that are unlimited, as on EC2. */
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
      return { InstanceId: instance.id as string, credits: instanceCredits(ctx.app, instance) }
    })
    const stray = all.find((one) => one.credits === null)
    if (ids.length > 0 && stray) {
      throw new FaultError({
        type: 'InvalidCombination',
        parameters: ['InstanceIds'],
        reason: `The instance '${stray.InstanceId}' is not of a burstable type`,
      })
    }
    const shown = all.flatMap(({ InstanceId, credits }): Credits[] => {
      if (credits === null || (ids.length === 0 && credits !== 'unlimited')) return []
      return [{ InstanceId, CpuCredits: credits }]
    })
    const page = call.page(call.filter(shown), {
      key: (one) => one.InstanceId,
      defaultSize: 1_000,
    })
    return { InstanceCreditSpecifications: page.items, NextToken: page.nextToken }
  },
})
