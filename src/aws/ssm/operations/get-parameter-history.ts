/** GetParameterHistory: every version that is kept, the oldest first. */
import { parameterMissing, storedGet, valueShown } from '../../../app/parameter-store.ts'
import type { ParameterValue } from '../../../domain/parameter.ts'
import { operation } from '../../operation.ts'
import { metadataAnswer, referenceOf } from '../parameter.ts'

const PAGE_SIZE = 50

export default operation<'ssm', 'GetParameterHistory'>({
  handle: async (ctx, input, call) => {
    const reference = referenceOf(ctx, input.Name!)
    const found = reference && (await storedGet(ctx, reference.name))
    if (!found) throw parameterMissing(input.Name!)
    const key = ({ version }: ParameterValue): string => String(version).padStart(12, '0')
    const page = call.page(found.values, { key, defaultSize: PAGE_SIZE })
    const answer = async (value: ParameterValue) => {
      const { ARN: _, ...rest } = metadataAnswer(found, value)
      const Value = await valueShown(ctx, found.name, value, input.WithDecryption ?? false)
      return { ...rest, Value, Labels: [] }
    }
    return { Parameters: await Promise.all(page.items.map(answer)), NextToken: page.nextToken }
  },
})
