/** DeleteParameters: those that are there, and the names of those that are not. */
import { parametersDelete } from '../../../app/parameter-store.ts'
import { operation } from '../../operation.ts'

export default operation<'ssm', 'DeleteParameters'>({
  handle: async (ctx, { Names = [] }) => {
    const gone = await parametersDelete(ctx, Names)
    const missing = [...new Set(Names)].filter((name) => !gone.includes(name))
    return { DeletedParameters: gone, InvalidParameters: missing }
  },
})
