/** CreateFramework. */
import { frameworkCreate } from '../../../app/backup/frameworks.ts'
import { frameworkArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { controlsOf } from '../present-audit.ts'

export default operation<'backup', 'CreateFramework'>({
  handle: async (ctx, input) => {
    const controls = controlsOf(input.FrameworkControls!)
    const request = { description: input.FrameworkDescription ?? null, controls }
    const framework = await frameworkCreate(ctx, input.FrameworkName!, request, {
      tags: input.FrameworkTags ?? {},
      idempotencyToken: input.IdempotencyToken ?? null,
    })
    return { FrameworkName: framework.name, FrameworkArn: frameworkArn(framework) }
  },
})
