/** GetParameters: those that are there, and the names of those that are not. */
import type { Parameter } from '@aws-sdk/client-ssm'
import { parameterFind } from '../../../app/parameters.ts'
import { operation } from '../../operation.ts'
import { parameterAnswer, referenceOf } from '../parameter.ts'

export default operation<'ssm', 'GetParameters'>({
  handle: async (ctx, input) => {
    const answers: Parameter[] = []
    const missing: string[] = []
    for (const text of new Set(input.Names)) {
      const reference = referenceOf(ctx, text)
      const found = reference && (await parameterFind(ctx, reference))
      if (found?.type !== 'found') missing.push(text)
      else {
        const { parameter, version } = found
        const options = {
          selector: reference!.selector,
          isDecrypted: input.WithDecryption ?? false,
        }
        answers.push(await parameterAnswer(ctx, parameter, version, options))
      }
    }
    return { Parameters: answers, InvalidParameters: missing }
  },
})
