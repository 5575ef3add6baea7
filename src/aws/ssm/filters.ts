/** ParameterFilters: what a parameter has to say to each key, and how it is compared. */
import type { ParameterStringFilter } from '@aws-sdk/client-ssm'
import { ssmFault } from '../../app/parameter-store.ts'
import type { ParameterValue } from '../../domain/parameter.ts'
import type { Tags } from '../../domain/resource.ts'

export interface Filtered {
  name: string
  tags: Tags
  /** Absent of a public one, which is a String. */
  value: ParameterValue | undefined
}

const FIELDS: Readonly<Record<string, (one: Filtered) => string | undefined>> = {
  Name: ({ name }) => name,
  Type: ({ value }) => value?.type ?? 'String',
  KeyId: ({ value }) => value?.keyId ?? undefined,
  Tier: ({ value }) => value?.tier ?? 'Standard',
  DataType: ({ value }) => value?.dataType ?? 'text',
  // There are none.
  Label: () => undefined,
}

type Compare = (field: string, value: string) => boolean

const OPTIONS: Readonly<Record<string, Compare>> = {
  Equals: (field, value) => field === value,
  BeginsWith: (field, value) => field.startsWith(value),
  Contains: (field, value) => field.includes(value),
}

/** Which options a key has, beside `Equals`. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  Name: ['BeginsWith', 'Contains'],
  Type: ['BeginsWith'],
  KeyId: ['BeginsWith'],
}

/** @throws InvalidFilterKey, InvalidFilterOption, InvalidFilterValue. */
export function filtersOf(
  filters: readonly ParameterStringFilter[] = [],
  keys: readonly string[],
): (one: Filtered) => boolean {
  const tests = filters.map((filter) => testOf(filter, keys))
  return (one) => tests.every((test) => test(one))
}

function testOf(
  filter: ParameterStringFilter,
  keys: readonly string[],
): (one: Filtered) => boolean {
  const { Key: key = '', Option: option, Values: values = [] } = filter
  const tag = /^tag:(.+)$/.exec(key)?.[1]
  if (!keys.includes(tag === undefined ? key : 'tag')) {
    throw ssmFault('InvalidFilterKey', `The filter key ${key} is not valid here.`)
  }
  if (key === 'Path') return pathTest(option ?? 'OneLevel', values)
  const chosen = option ?? 'Equals'
  if (chosen !== 'Equals' && !MORE[key]?.includes(chosen)) {
    throw ssmFault('InvalidFilterOption', `The filter option ${chosen} is not valid for ${key}.`)
  }
  const compare = OPTIONS[chosen]!
  const of = tag === undefined ? FIELDS[key]! : ({ tags }: Filtered) => tags[tag]
  // A tag by its key alone.
  if (tag !== undefined && values.length === 0) return (one) => of(one) !== undefined
  return (one) => {
    const field = of(one)
    return field !== undefined && values.some((value) => compare(field, value))
  }
}

function pathTest(option: string, values: readonly string[]): (one: Filtered) => boolean {
  if (option !== 'Recursive' && option !== 'OneLevel') {
    throw ssmFault('InvalidFilterOption', `The filter option ${option} is not valid for Path.`)
  }
  if (values.some((value) => !value.startsWith('/'))) {
    throw ssmFault('InvalidFilterValue', 'A path begins with /.')
  }
  return ({ name }) =>
    values.some((value) => {
      const folder = value.endsWith('/') ? value : `${value}/`
      if (!name.startsWith(folder)) return false
      return option === 'Recursive' || !name.slice(folder.length).includes('/')
    })
}
