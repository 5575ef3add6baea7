/** Auto Scaling's part of kinds.ts. */
import { REFRESH_OPEN, type LaunchSource, type ScalingKind } from '../domain/autoscaling/records.ts'
import type { ResourceTypes } from '../domain/resource-types.ts'
import type { KindRules, Reference } from './kind-rules.ts'

type ScalingTable = { [K in ScalingKind]: KindRules<ResourceTypes[K]> }

const ref = (name: string, value: string | null): Reference[] => (value ? [{ name, value }] : [])
const placeOf = ({ account, region }: { account: string; region: string }) => `${account}:${region}`
const nothing = (): [] => []

const configurationOf = (launch: LaunchSource): string | null =>
  launch.type === 'configuration' ? launch.name : null

export const SCALING_KINDS: ScalingTable = {
  scalingGroup: {
    references: (r) => [
      ...ref('name', r.name),
      ...ref('configuration', configurationOf(r.configuration.launch)),
    ],
    claims: (r) => [{ scope: `scaling-group:${placeOf(r)}`, name: r.name }],
  },
  scalingInstance: { references: (r) => ref('group', r.groupId), claims: nothing },
  scalingActivity: {
    references: (r) => [...ref('group', r.groupId), ...ref('open', r.endedAt ? null : r.groupId)],
    claims: nothing,
  },
  scalingPolicy: {
    references: (r) => ref('group', r.groupId),
    claims: (r) => [{ scope: `scaling-policy:${r.groupId}`, name: r.name }],
  },
  scalingSchedule: {
    references: (r) => ref('group', r.groupId),
    claims: (r) => [{ scope: `scaling-schedule:${r.groupId}`, name: r.name }],
  },
  scalingRefresh: {
    references: (r) => [
      ...ref('group', r.groupId),
      ...ref('open', REFRESH_OPEN.includes(r.status) ? r.groupId : null),
    ],
    claims: (r) =>
      REFRESH_OPEN.includes(r.status) ? [{ scope: 'scaling-refresh', name: r.groupId }] : [],
  },
  scalingLaunch: {
    references: (r) => ref('name', r.name),
    claims: (r) => [{ scope: `scaling-launch:${placeOf(r)}`, name: r.name }],
  },
}
