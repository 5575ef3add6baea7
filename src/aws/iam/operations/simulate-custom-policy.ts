/** SimulateCustomPolicy. */
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked } from '../present.ts'
import { simulateCustom } from '../simulate.ts'

export default operation<'iam', 'SimulateCustomPolicy'>({
  handle: async (_ctx, input, call) => {
    const results = simulateCustom(input).map((result, n) => ({
      result,
      key: String(n).padStart(6, '0'),
    }))
    const page = call.page(results, { key: (one) => one.key, defaultSize: PAGE_SIZE })
    return { EvaluationResults: page.items.map((one) => one.result), ...marked(page) }
  },
})
