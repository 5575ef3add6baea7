/** CreateLaunchTemplateVersion: from nothing, or from an older version with changes. */
import { templateFind, versionCreate } from '../../../app/launch-templates.ts'
import { operation } from '../../operation.ts'
import { templateData, templateMerge, templateTarget } from '../launch-template-data.ts'
import { versionShape } from '../present/launch-template.ts'
import { aliasResolved } from '../image-alias.ts'

export default operation<'ec2', 'CreateLaunchTemplateVersion'>({
  check: async (ctx, input) => {
    templateData(input.LaunchTemplateData)
    await templateFind(ctx, ctx.app.store, templateTarget(input))
  },
  handle: async (ctx, input) => {
    const request = {
      target: templateTarget(input),
      source: input.SourceVersion || null,
      description: input.VersionDescription || null,
      data: templateData(input.LaunchTemplateData),
      clientToken: input.ClientToken ?? null,
    }
    const made = await versionCreate(ctx, request, templateMerge)
    const shown = versionShape(made)
    return {
      LaunchTemplateVersion: input.ResolveAlias ? await aliasResolved(ctx, shown) : shown,
    }
  },
})
