/** DeleteParameter, with its history. */
import { parameterMissing, parametersDelete } from '../../../app/parameter-store.ts'
import { operation } from '../../operation.ts'
import { referenceOf } from '../parameter.ts'

export default operation<'ssm', 'DeleteParameter'>({
  handle: async (ctx, { Name }) => {
    const reference = referenceOf(ctx, Name!)
    const gone = reference ? await parametersDelete(ctx, [reference.name]) : []
    if (gone.length === 0) throw parameterMissing(Name!)
    return {}
  },
})
