/** A group as its reconciler looks at it: its record, its instances with their EC2 instances, a refresh under way. */
import type {
  InstanceRefresh,
  LaunchSource,
  ScalingGroup,
  ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import type { Instance } from '../../domain/instance.ts'
import type { StoreReader } from '../../store/store.ts'
import type { App } from '../context.ts'
import { instancesOf } from './scope.ts'

export interface GroupView {
  app: App
  group: ScalingGroup
  instances: readonly ScalingInstance[]
  ec2: ReadonlyMap<string, Instance>
  refresh: InstanceRefresh | undefined
  now: number
}

export async function viewOf(
  app: App,
  reader: StoreReader,
  groupId: string,
): Promise<GroupView | undefined> {
  const group = await reader.get('scalingGroup', groupId)
  if (!group) return undefined
  const instances = await instancesOf(reader, groupId)
  const found = await reader.list('instance', { ids: instances.map(({ id }) => id) })
  const reference = { name: 'open', value: groupId }
  const [refresh] = await reader.list('scalingRefresh', { reference })
  const ec2 = new Map(found.map((one) => [one.id as string, one]))
  return { app, group, instances, ec2, refresh, now: app.clock.now() }
}

/** What new instances are launched from: a refresh that goes forward has its own wish. */
export function sourceOf({ group, refresh }: Pick<GroupView, 'group' | 'refresh'>): LaunchSource {
  const isForward = refresh && ['Pending', 'InProgress', 'Baking'].includes(refresh.status)
  return (isForward && refresh.desired) || group.configuration.launch
}
