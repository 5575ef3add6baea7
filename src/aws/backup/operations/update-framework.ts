/** UpdateFramework. */
import { frameworkUpdate } from '../../../app/backup/frameworks.ts'
import { operation } from '../../operation.ts'
import { controlsOf, presentFramework } from '../present-audit.ts'

export default operation<'backup', 'UpdateFramework'>({
  handle: async (ctx, input) => {
    const framework = await frameworkUpdate(ctx, input.FrameworkName!, {
      description: input.FrameworkDescription,
      controls: input.FrameworkControls && controlsOf(input.FrameworkControls),
    })
    const { FrameworkName, FrameworkArn, CreationTime } = presentFramework(framework)
    return { FrameworkName, FrameworkArn, CreationTime }
  },
})
