/** GetParametersByPath: what lies in a folder, or below it when `Recursive`, by filters on type and key. */
import { asParameter, storedList } from '../../../app/parameter-store.ts'
import { parameterList } from '../../../app/parameters.ts'
import type { Parameter } from '../../../domain/parameter.ts'
import { operation } from '../../operation.ts'
import { filtersOf } from '../filters.ts'
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
    const isMeant = filtersOf(input.ParameterFilters, ['Type', 'KeyId', 'Label'])
    const folder = path.endsWith('/') ? path : `${path}/`
    // Public parameters are found only by who looks for them: `/` means the account's own.
    const all = folder.startsWith(PUBLIC)
      ? await parameterList(ctx)
      : (await storedList(ctx)).map(asParameter)
    const found = all.filter((one) => {
      if (
        !one.name.startsWith(folder) ||
        !isMeant({ name: one.name, tags: {}, value: one.versions.at(-1)!.own })
      )
        return false
      return input.Recursive === true || !one.name.slice(folder.length).includes('/')
    })
    const page = call.page(found, { key: ({ name }: Parameter) => name, defaultSize: PAGE_SIZE })
    const options = { isDecrypted: input.WithDecryption ?? false }
    const answer = (one: Parameter) => parameterAnswer(ctx, one, one.versions.at(-1)!, options)
    return { Parameters: await Promise.all(page.items.map(answer)), NextToken: page.nextToken }
  },
})
