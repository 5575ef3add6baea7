/** What a group's configuration must be like: places that exist, parameters that an instance could be launched from. */
import type { GroupConfiguration, TemplateChoice } from '../../domain/autoscaling/records.ts'
import { FaultError } from '../../domain/faults.ts'
import { zonesOf } from '../../domain/zones.ts'
import type { Ctx } from '../context.ts'
import { instancesRunCheck } from '../instances/run.ts'
import { invalid } from './faults.ts'
import { configurationFind, planLaunch, spotsOf, versionOf } from './launch.ts'

/** With the zones of its subnets. @throws the service's ValidationError. */
export async function configurationChecked(
  ctx: Ctx,
  configuration: GroupConfiguration,
): Promise<GroupConfiguration> {
  const checked = { ...configuration, zones: await zonesChecked(ctx, configuration) }
  await launchCheck(ctx, checked)
  return checked
}

async function zonesChecked(
  { app, account, region }: Ctx,
  { subnetIds, zones }: GroupConfiguration,
): Promise<readonly string[]> {
  if (subnetIds.length === 0) {
    if (zones.length === 0) {
      throw invalid('At least one Availability Zone or VPC Subnet is required.')
    }
    const known = zonesOf(region, app.settings.zones).map(({ name }) => name)
    const unknown = zones.find((zone) => !known.includes(zone))
    if (unknown) throw invalid(`Invalid availability zone: [${unknown}]`)
    return [...new Set(zones)].toSorted()
  }
  const subnets = await app.store.list('subnet', { ids: subnetIds, account, region })
  const missing = subnetIds.filter((id) => !subnets.some((subnet) => subnet.id === id))
  if (missing.length > 0) throw invalid(`The subnet ID '${missing.join(', ')}' does not exist`)
  if (new Set(subnets.map(({ vpcId }) => vpcId)).size > 1) {
    throw invalid('The subnets of an AutoScalingGroup must be of one VPC')
  }
  return [...new Set(subnets.map(({ zone }) => zone))].toSorted()
}

async function launchCheck(ctx: Ctx, configuration: GroupConfiguration): Promise<void> {
  const { launch, placementGroup } = configuration
  if (launch.type === 'configuration') {
    await configurationFind(ctx, ctx.app.store, launch.name)
    return
  }
  const [spot] = await spotsOf(ctx.app.store, { configuration })
  const overrides =
    launch.type === 'mixed' && launch.overrides.length > 0 ? launch.overrides : [null]
  for (const override of overrides) {
    try {
      const plan = await planLaunch(ctx, launch, { override, spot: spot!, placementGroup })
      await instancesRunCheck(ctx, plan.request)
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      const words = ctx.app.launches.words(error)
      throw invalid(`You must use a valid fully-formed launch template. ${words}`)
    }
  }
}

/** By name or id. @throws the service's ValidationError. */
export async function templateChosen(
  ctx: Ctx,
  named: { id: string | null; name: string | null; version: string | null },
): Promise<TemplateChoice> {
  const { store } = ctx.app
  const { account, region } = ctx
  if ((named.id === null) === (named.name === null)) {
    throw invalid('Valid requests must contain either launchTemplateId or LaunchTemplateName')
  }
  const all = await store.list('launchTemplate', { account, region })
  const found = all.find(({ id, name }) => id === named.id || name === named.name)
  if (!found) {
    const which = named.id ?? named.name
    throw invalid(
      `The specified launch template, with template ID or name ${which}, does not exist.`,
    )
  }
  const choice = { templateId: found.id, templateName: found.name, version: named.version }
  try {
    await versionOf(ctx, store, choice)
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    throw invalid(
      `Launch template version ${named.version} is not valid: ${ctx.app.launches.words(error)}`,
    )
  }
  return choice
}
