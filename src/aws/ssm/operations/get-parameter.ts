/** GetParameter, by name or ARN, with or without a version. */
import { parameterFind } from '../../../app/parameters.ts'
import { parameterMissing, ssmFault } from '../../../app/parameter-store.ts'
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
        const options = {
          selector: reference?.selector ?? null,
          isDecrypted: input.WithDecryption ?? false,
        }
        return { Parameter: await parameterAnswer(ctx, parameter, version, options) }
      }
      case 'no-parameter':
        throw parameterMissing(text)
      case 'no-version':
        throw ssmFault(
          'ParameterVersionNotFound',
          `Systems Manager could not find version ${reference!.selector} of ${reference!.name}.`,
        )
    }
  },
})
