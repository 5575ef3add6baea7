/** DeleteLaunchTemplate, with all its versions. */
import { templateDelete, templateFind } from '../../../app/launch-templates.ts'
import { operation } from '../../operation.ts'
import { templateTarget } from '../launch-template-data.ts'
import { launchTemplateShape } from '../present/launch-template.ts'

export default operation<'ec2', 'DeleteLaunchTemplate'>({
  check: async (ctx, input) => {
    await templateFind(ctx, ctx.app.store, templateTarget(input))
  },
  handle: async (ctx, input) => ({
    LaunchTemplate: launchTemplateShape(await templateDelete(ctx, templateTarget(input))),
  }),
})
