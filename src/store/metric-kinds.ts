/** CloudWatch's part of kinds.ts. */
import type { ResourceTypes } from '../domain/resource-types.ts'
import type { KindRules, Reference } from './kind-rules.ts'

type MetricTable = { [K in 'alarm' | 'compositeAlarm' | 'dashboard']: KindRules<ResourceTypes[K]> }

interface Place {
  account: string
  region: string
}

const nothing = (): [] => []
const idsOf = ({ account, region }: Place, name: string, names: readonly string[]): Reference[] =>
  [...new Set(names)].map((one) => ({ name, value: `alarm:${account}:${region}:${one}` }))
/** Alarms of both kinds share their names. */
const nameClaim = (r: Place & { configuration: { name: string } }) => [
  { scope: `alarm:${r.account}:${r.region}`, name: r.configuration.name },
]

export const METRIC_KINDS: MetricTable = {
  alarm: { references: nothing, claims: nameClaim },
  compositeAlarm: {
    references: (r) => {
      const { children, suppressor } = r.configuration
      return [
        ...idsOf(r, 'child', children),
        ...idsOf(r, 'watched', suppressor ? [...children, suppressor.name] : children),
        ...(r.suppression ? [{ name: 'suppressed', value: 'yes' }] : []),
      ]
    },
    claims: nameClaim,
  },
  dashboard: {
    references: nothing,
    claims: (r) => [{ scope: `dashboard:${r.account}`, name: r.name }],
  },
}
