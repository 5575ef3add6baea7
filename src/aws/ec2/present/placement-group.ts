/** Placement groups as EC2 shows them. */
import type { PlacementGroup as Ec2PlacementGroup } from '@aws-sdk/client-ec2'
import type { PlacementGroup } from '../../../domain/placement-group.ts'
import { tagList } from '../tags.ts'

export function placementGroupArn(group: PlacementGroup): string {
  return `arn:aws:ec2:${group.region}:${group.account}:placement-group/${group.name}`
}

export function placementGroupShape(group: PlacementGroup): Ec2PlacementGroup {
  return {
    GroupName: group.name,
    State: 'available',
    Strategy: group.strategy,
    ...(group.partitionCount !== null && { PartitionCount: group.partitionCount }),
    GroupId: group.id,
    Tags: tagList(group.tags),
    GroupArn: placementGroupArn(group),
    ...(group.strategy === 'spread' && { SpreadLevel: 'rack' }),
  }
}
