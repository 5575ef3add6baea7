/** Prefix lists as EC2 shows them. */
import type { ManagedPrefixList } from '@aws-sdk/client-ec2'
import { prefixListNow, type PrefixList } from '../../../domain/prefix-list.ts'
import { ec2Arn } from '../arn.ts'
import { tagList } from '../tags.ts'

export function prefixListShape(
  list: PrefixList,
  State: ManagedPrefixList['State'] = `${list.lastChange}-complete`,
): ManagedPrefixList {
  return {
    PrefixListId: list.id,
    AddressFamily: list.family,
    State,
    PrefixListArn: ec2Arn(list, 'prefix-list'),
    PrefixListName: list.name,
    MaxEntries: list.maxEntries,
    Version: prefixListNow(list).version,
    Tags: tagList(list.tags),
    OwnerId: list.account,
  }
}
