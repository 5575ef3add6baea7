/** DeleteLaunchTemplateVersions: each for itself; the default version stays. */
import { templateFind, versionsDelete } from '../../../app/launch-templates.ts'
import { operation } from '../../operation.ts'
import { templateTarget } from '../launch-template-data.ts'

export default operation<'ec2', 'DeleteLaunchTemplateVersions'>({
  check: async (ctx, input) => {
    await templateFind(ctx, ctx.app.store, templateTarget(input))
  },
  handle: async (ctx, input) => {
    const { template, results } = await versionsDelete(ctx, templateTarget(input), input.Versions!)
    const named = { LaunchTemplateId: template.id, LaunchTemplateName: template.name }
    const refused = results.filter(({ refusal }) => refusal !== null)
    return {
      SuccessfullyDeletedLaunchTemplateVersions: results
        .filter(({ refusal }) => refusal === null)
        .map(({ version }) => ({ ...named, VersionNumber: version })),
      UnsuccessfullyDeletedLaunchTemplateVersions: refused.map(({ version, refusal }) => ({
        ...named,
        VersionNumber: version,
        ResponseError:
          refusal === 'missing'
            ? {
                Code: 'launchTemplateVersionDoesNotExist' as const,
                Message: `Could not find launch template version ${version}`,
              }
            : {
                Code: 'unexpectedError' as const,
                Message: 'The default version of a launch template cannot be deleted',
              },
      })),
    }
  },
})
