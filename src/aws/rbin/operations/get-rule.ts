/** GetRule. */
import { ruleGet } from '../../../app/rbin/rules.ts'
import { presentRule } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'rbin', 'GetRule'>({
  handle: async (ctx, input) => presentRule(await ruleGet(ctx, input.Identifier)),
})
