/** DeleteFramework. */
import { frameworkDelete } from '../../../app/backup/frameworks.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DeleteFramework'>({
  handle: async (ctx, input) => {
    await frameworkDelete(ctx, input.FrameworkName!)
    return {}
  },
})
