/** GetParameter, by name or ARN, with or without a version. */
import { parameterFind } from '../../../app/parameters.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { parameterAnswer, referenceOf } from '../parameter.ts'

export default operation<'ssm', 'GetParameter'>({
  handle: async (ctx, input) => {
    const text = input.Name!
    const reference = referenceOf(ctx, text)
    const found = reference
      ? await parameterFind(ctx, reference)
      : { type: 'no-parameter' as const }
    switch (found.type) {
      case 'found': {
        const { parameter, version } = found
        return { Parameter: parameterAnswer(ctx, parameter, version, reference?.selector) }
      }
      case 'no-parameter':
        throw new FaultError({
          type: 'Service',
          code: 'ParameterNotFound',
          message: `Parameter ${text} not found.`,
        })
      case 'no-version':
        throw new FaultError({
          type: 'Service',
          code: 'ParameterVersionNotFound',
          message: `Systems Manager could not find version ${reference!.selector} of ${reference!.name}.`,
        })
    }
  },
})
