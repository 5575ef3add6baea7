/**
 * GetParametersByPath: what lies in a folder, or below it when `Recursive`. Filters: `Type` with `Equals`; the
 * parameters here have neither keys nor labels, so a filter on those lets nothing through.
 */
import type { ParameterStringFilter } from '@aws-sdk/client-ssm'
import { parameterList, type Parameter } from '../../../app/parameters.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { parameterAnswer, validation } from '../parameter.ts'

const PUBLIC = '/aws/service/'

/** AWS's own, and its most. */
const PAGE_SIZE = 10

export default operation<'ssm', 'GetParametersByPath'>({
  handle: async (ctx, input, call) => {
    const path = input.Path!
    if (!/^\/[A-Za-z0-9_.\-/]*$/.test(path)) {
      throw validation(`The path ${path} must begin with / and hold letters, digits and _.-/ only`)
    }
    const isIncluded = filterOf(input.ParameterFilters ?? [])
    const folder = path.endsWith('/') ? path : `${path}/`
    const found = (await parameterList(ctx)).filter(({ name }) => {
      // Public parameters are found only by who looks for them: `/` means the account's own.
      if (!isIncluded || !folder.startsWith(PUBLIC) || !name.startsWith(folder)) return false
      return input.Recursive === true || !name.slice(folder.length).includes('/')
    })
    const key = (parameter: Parameter): string => parameter.name
    const page = call.page(found, { key, defaultSize: PAGE_SIZE })
    return {
      Parameters: page.items.map((one) => parameterAnswer(ctx, one, one.versions.at(-1)!)),
      NextToken: page.nextToken,
    }
  },
})

/** Whether a parameter of type String without key and label passes all filters. */
function filterOf(filters: readonly ParameterStringFilter[]): boolean {
  return filters.every(({ Key, Option = 'Equals', Values = [] }) => {
    if (Key !== 'Type' && Key !== 'KeyId' && Key !== 'Label') {
      throw invalid('InvalidFilterKey', `${Key} is not a filter of GetParametersByPath`)
    }
    if (Option !== 'Equals' && Option !== 'BeginsWith') {
      throw invalid('InvalidFilterOption', `The filter option ${Option} is not valid for ${Key}`)
    }
    if (Key !== 'Type') return false
    return Values.some((value) =>
      Option === 'Equals' ? value === 'String' : 'String'.startsWith(value),
    )
  })
}

function invalid(code: string, message: string): FaultError {
  return new FaultError({ type: 'Service', code, message })
}
