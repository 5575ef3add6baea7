/** CreateLaunchTemplate: its parameters are version 1. */
import { templateCreate } from '../../../app/launch-templates.ts'
import { operation } from '../../operation.ts'
import { refuseFeatures } from '../absent-features.ts'
import { templateData } from '../launch-template-data.ts'
import { launchTemplateShape } from '../present/launch-template.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CreateLaunchTemplate'>({
  check: (_ctx, input) => {
    refuseFeatures('CreateLaunchTemplate', { Operator: input.Operator })
    templateData(input.LaunchTemplateData)
    tagsOfSpecifications(input.TagSpecifications, 'launch-template')
  },
  handle: async (ctx, input) => {
    const template = await templateCreate(ctx, {
      name: input.LaunchTemplateName!,
      description: input.VersionDescription || null,
      data: templateData(input.LaunchTemplateData),
      clientToken: input.ClientToken ?? null,
      tags: tagsOfSpecifications(input.TagSpecifications, 'launch-template'),
    })
    return { LaunchTemplate: launchTemplateShape(template) }
  },
})
