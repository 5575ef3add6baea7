/** The catalogue of EC2's instance types (domain/instance-type.ts), loaded at first use; pure look-ups afterwards. */
import { readFileSync } from 'node:fs'
import { instanceTypesParse, type InstanceType } from '../domain/instance-type.ts'

export interface InstanceTypeCatalogue {
  all(): readonly InstanceType[]
  get(name: string): InstanceType | undefined
}

const DATA_URL = new URL('../../data/instance-types.tsv', import.meta.url)

export function createInstanceTypeCatalogue(): InstanceTypeCatalogue {
  let types: InstanceType[] | null = null
  let byName: Map<string, InstanceType> | null = null
  const all = (): InstanceType[] => (types ??= instanceTypesParse(readFileSync(DATA_URL, 'utf8')))
  return {
    all,
    get: (name) => (byName ??= new Map(all().map((type) => [type.name, type]))).get(name),
  }
}
