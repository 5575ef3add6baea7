/** GetEC2InstanceRecommendations: of running instances that were measured for thirty hours or more. */
import type { InstanceRecommendation } from '@aws-sdk/client-compute-optimizer'
import { instancesRightsize, mustBeEnrolled } from '../../../app/metrics/optimizer.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { arnOf, recommendationPresent } from '../present.ts'

const PAGE_SIZE = 100

export default operation<'compute-optimizer', 'GetEC2InstanceRecommendations'>({
  handle: async (ctx, input, call) => {
    await mustBeEnrolled(ctx)
    if (input.accountIds?.some((id) => id !== ctx.account)) {
      throw new FaultError({ type: 'Unsupported', feature: 'recommendations of other accounts' })
    }
    const arns = input.instanceArns?.length ? input.instanceArns : undefined
    const asked = arns?.map((arn) => idOf(ctx, arn))
    const wanted = input.recommendationPreferences?.cpuVendorArchitectures ?? ['CURRENT']
    const { found, skipped } = await instancesRightsize(ctx, {
      architectures: wanted.includes('AWS_ARM64') ? 'all' : 'current',
      ...(asked && { ids: new Set(asked) }),
    })
    const now = ctx.app.clock.now()
    const recommendations = found
      .map((one) => recommendationPresent(one, now))
      .filter((one) => (input.filters ?? []).every((filter) => isThrough(one, filter)))
    const page = call.page(recommendations, {
      key: (one) => one.instanceArn!,
      defaultSize: PAGE_SIZE,
    })
    return {
      instanceRecommendations: page.items,
      nextToken: page.nextToken,
      errors: (asked ?? [])
        .filter((id) => !found.some(({ instance }) => instance.id === id))
        .map((id) => ({
          identifier: arnOf({ ...ctx, id }),
          code: 'RESOURCE_NOT_FOUND',
          message:
            skipped.find((one) => one.id === id)?.reason ?? 'there is no such running instance',
        })),
    }
  },
})

const ARN = /^arn:aws:ec2:([a-z0-9-]+):(\d{12}):instance\/(i-[0-9a-f]+)$/

function idOf(ctx: { account: string; region: string }, arn: string): string {
  const [, region, account, id] = ARN.exec(arn) ?? []
  if (id !== undefined && region === ctx.region && account === ctx.account) return id
  throw invalidValue('instanceArns', arn, 'it is no ARN of an instance of this account and region')
}

function isThrough(
  one: InstanceRecommendation,
  { name, values }: { name?: string; values?: string[] },
): boolean {
  const has = (text: string | undefined): boolean =>
    (values ?? []).some((value) => value.toLowerCase() === text?.toLowerCase())
  switch (name) {
    case 'Finding':
      return has(one.finding)
    case 'FindingReasonCodes':
      return (one.findingReasonCodes ?? []).some(has)
    case 'RecommendationSourceType':
      return has('Ec2Instance')
    default:
      throw new FaultError({ type: 'Unsupported', feature: `the filter ${name}` })
  }
}
