/** ModifyLaunchTemplate: another default version. */
import { templateFind, templateModify, versionFind } from '../../../app/launch-templates.ts'
import type { Ctx } from '../../../app/context.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { templateTarget } from '../launch-template-data.ts'
import { launchTemplateShape } from '../present/launch-template.ts'

export default operation<'ec2', 'ModifyLaunchTemplate'>({
  check: async (ctx: Ctx, input) => {
    const template = await templateFind(ctx, ctx.app.store, templateTarget(input))
    if (!input.DefaultVersion) {
      throw new FaultError({ type: 'MissingParameter', parameter: 'SetDefaultVersion' })
    }
    await versionFind(ctx.app.store, template, input.DefaultVersion)
  },
  handle: async (ctx, input) => {
    const template = await templateModify(ctx, templateTarget(input), input.DefaultVersion!)
    return { LaunchTemplate: launchTemplateShape(template) }
  },
})
