/** DescribeParameters: an account's own, on AWS never the public ones (GetParametersByPath finds those). */
import type { ParametersFilter, ParameterStringFilter } from '@aws-sdk/client-ssm'
import { storedList } from '../../../app/parameter-store.ts'
import { operation } from '../../operation.ts'
import { filtersOf } from '../filters.ts'
import { metadataAnswer, validation } from '../parameter.ts'

const KEYS = ['Name', 'Type', 'KeyId', 'Path', 'Tier', 'DataType', 'tag']
const PAGE_SIZE = 50

export default operation<'ssm', 'DescribeParameters'>({
  handle: async (ctx, input, call) => {
    const { Filters: older = [], ParameterFilters: filters = [] } = input
    if (older.length > 0 && filters.length > 0) {
      throw validation('You can use either Filters or ParameterFilters in a single request.')
    }
    const isMeant = filtersOf([...filters, ...older.map(newer)], KEYS)
    // Nobody shares parameters here.
    const all = input.Shared === true ? [] : await storedList(ctx)
    const found = all.filter((one) => {
      const { name, tags } = one
      return isMeant({ name, tags, value: one.values.at(-1) })
    })
    const page = call.page(found, { key: ({ name }) => name, defaultSize: PAGE_SIZE })
    return {
      Parameters: page.items.map((one) => metadataAnswer(one, one.values.at(-1)!)),
      NextToken: page.nextToken,
    }
  },
})

const newer = ({ Key, Values }: ParametersFilter): ParameterStringFilter => ({
  Key,
  Values,
  Option: Key === 'Name' ? 'BeginsWith' : 'Equals',
})
