/**
 * DescribeInstanceCreditSpecifications. Without ids: the burstable instances with unlimited credits, as AWS. Credits
 * are recorded, not metered: a host here shares its processors among all machines alike.
 */
import { instancesGet } from '../../../app/instances/lifecycle.ts'
import type { Ctx } from '../../../app/context.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Instance } from '../../../domain/instance.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeInstanceCreditSpecifications', Instance>({
  filters: { 'instance-id': (instance) => instance.id },
  handle: async (ctx, input, call) => {
    const ids = (input.InstanceIds ?? []).map((id) => parseId('instance', id))
    const instances = ids.length > 0 ? await named(ctx, ids) : await unlimited(ctx)
    const page = call.page(call.filter(instances), { key: (instance) => instance.id })
    return {
      InstanceCreditSpecifications: page.items.map((instance) => ({
        InstanceId: instance.id,
        CpuCredits: creditsOf(instance),
      })),
      NextToken: page.nextToken,
    }
  },
})

async function named(ctx: Ctx, ids: Parameters<typeof instancesGet>[1]): Promise<Instance[]> {
  const instances = await instancesGet(ctx, ids)
  const other = instances.find((instance) => !isBurstable(ctx, instance))
  if (other === undefined) return instances
  throw new FaultError({
    type: 'Unsupported',
    feature: `a credit specification of ${other.id}, a ${other.spec.instanceType},`,
    hint: 'only burstable performance instances (T2, T3, T3a, T4g) have one',
  })
}

async function unlimited(ctx: Ctx): Promise<Instance[]> {
  const { account, region } = ctx
  const all = await ctx.app.store.list('instance', { account, region })
  return all.filter(
    (instance) =>
      instance.releasedAt === null &&
      isBurstable(ctx, instance) &&
      creditsOf(instance) === 'unlimited',
  )
}

function isBurstable({ app }: Ctx, { spec }: Instance): boolean {
  return app.instanceTypes.get(spec.instanceType)?.isBurstable === true
}

/** The default of the family where the launch did not say: EC2 user guide, "Unlimited mode concepts". */
function creditsOf({ spec }: Instance): 'standard' | 'unlimited' {
  return spec.cpuCredits ?? (spec.instanceType.startsWith('t2.') ? 'standard' : 'unlimited')
}
