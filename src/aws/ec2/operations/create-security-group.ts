/** CreateSecurityGroup: a group that lets nothing in and everything out. */
import type { CreateSecurityGroupRequest } from '@aws-sdk/client-ec2'
import { groupCreate, groupCreateCheck, type GroupRequest } from '../../../app/network/groups.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { ec2Arn } from '../arn.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'
import { tagList } from '../tags.ts'

export default operation<'ec2', 'CreateSecurityGroup'>({
  check: async (ctx, input) => void (await groupCreateCheck(ctx, requestOf(input))),
  handle: async (ctx, input) => {
    const group = await groupCreate(ctx, requestOf(input))
    return {
      GroupId: group.id,
      SecurityGroupArn: ec2Arn(group, 'security-group'),
      Tags: tagList(group.tags),
    }
  },
})

function requestOf(input: Readonly<CreateSecurityGroupRequest>): GroupRequest {
  return {
    name: input.GroupName!,
    description: input.Description!,
    vpcId: input.VpcId ? parseId('vpc', input.VpcId) : null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'security-group'),
  }
}
