/** GetAccountAuthorizationDetails: users, groups, roles and policies with all their documents. */
import { operation } from '../../operation.ts'
import {
  detailsOf,
  presentGroupDetail,
  presentPolicyDetail,
  presentRoleDetail,
  presentUserDetail,
} from '../authorization-details.ts'
import { PAGE_SIZE, marked } from '../present.ts'

export default operation<'iam', 'GetAccountAuthorizationDetails'>({
  handle: async (ctx, input, call) => {
    const { details, uses } = await detailsOf(ctx, input.Filter)
    const page = call.page(details, { key: ({ key }) => key, defaultSize: PAGE_SIZE })
    const [users, groups, roles, policies] = [
      page.items.filter((one) => one.type === 'User'),
      page.items.filter((one) => one.type === 'Group'),
      page.items.filter((one) => one.type === 'Role'),
      page.items.filter((one) => one.type === 'Policy'),
    ]
    return {
      UserDetailList: await Promise.all(users.map((one) => presentUserDetail(ctx, one.entity))),
      GroupDetailList: await Promise.all(groups.map((one) => presentGroupDetail(ctx, one.entity))),
      RoleDetailList: await Promise.all(roles.map((one) => presentRoleDetail(ctx, one.entity))),
      Policies: policies.map((one) => presentPolicyDetail(one.entity, uses)),
      ...marked(page),
    }
  },
})
