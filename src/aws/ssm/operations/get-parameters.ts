/** GetParameters: those that are there, and the names of those that are not. */
import type { Parameter } from '@aws-sdk/client-ssm'
import { parameterList, parameterSelect } from '../../../app/parameters.ts'
import { operation } from '../../operation.ts'
import { parameterAnswer, referenceOf } from '../parameter.ts'

export default operation<'ssm', 'GetParameters'>({
  handle: async (ctx, input) => {
    const parameters = await parameterList(ctx)
    const answers: Parameter[] = []
    const missing: string[] = []
    for (const text of new Set(input.Names)) {
      const reference = referenceOf(ctx, text)
      const found = reference && parameterSelect(parameters, reference)
      if (found?.type !== 'found') missing.push(text)
      else {
        const { parameter, version } = found
        answers.push(parameterAnswer(ctx, parameter, version, reference!.selector))
      }
    }
    return { Parameters: answers, InvalidParameters: missing }
  },
})
