/** DeleteSecurityGroup, by id or by name in the default VPC. */
import { groupDelete, groupDeleteCheck } from '../../../app/network/groups.ts'
import { operation } from '../../operation.ts'
import { groupTarget } from '../permissions.ts'

export default operation<'ec2', 'DeleteSecurityGroup'>({
  check: async (ctx, input) => void (await groupDeleteCheck(ctx, groupTarget(input))),
  handle: async (ctx, input) => ({
    Return: true,
    GroupId: await groupDelete(ctx, groupTarget(input)),
  }),
})
