/** DeleteRule: what it keeps is kept until its time is over. */
import { ruleDelete } from '../../../app/rbin/rules.ts'
import { operation } from '../../operation.ts'

export default operation<'rbin', 'DeleteRule'>({
  handle: async (ctx, input) => {
    await ruleDelete(ctx, input.Identifier)
    return {}
  },
})
