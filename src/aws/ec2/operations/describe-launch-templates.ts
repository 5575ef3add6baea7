/** DescribeLaunchTemplates. */
import { templatesList } from '../../../app/launch-templates.ts'
import { parseId } from '../../../domain/ids.ts'
import type { LaunchTemplate } from '../../../domain/launch-template.ts'
import { operation } from '../../operation.ts'
import { launchTemplateShape } from '../present/launch-template.ts'
import { tagsOf } from '../tags.ts'

export default operation<'ec2', 'DescribeLaunchTemplates', LaunchTemplate>({
  filters: {
    'create-time': (template) => new Date(template.createdAt),
    'launch-template-name': (template) => template.name,
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.LaunchTemplateIds ?? []).map((id) => parseId('launchTemplate', id))
    const found = call.filter(await templatesList(ctx, ids, input.LaunchTemplateNames ?? []))
    const page = call.page(found, { key: (template) => template.id })
    return { LaunchTemplates: page.items.map(launchTemplateShape), NextToken: page.nextToken }
  },
})
