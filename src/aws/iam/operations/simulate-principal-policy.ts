/** SimulatePrincipalPolicy. */
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked } from '../present.ts'
import { simulatePrincipal } from '../simulate.ts'

export default operation<'iam', 'SimulatePrincipalPolicy'>({
  handle: async (ctx, input, call) => {
    const results = (await simulatePrincipal(ctx, input.PolicySourceArn!, input)).map(
      (result, n) => ({ result, key: String(n).padStart(6, '0') }),
    )
    const page = call.page(results, { key: (one) => one.key, defaultSize: PAGE_SIZE })
    return { EvaluationResults: page.items.map((one) => one.result), ...marked(page) }
  },
})
