/** DescribeAccountAttributes: what is so here; quotas that nobody enforces are not claimed. */
import { ELASTIC_ADDRESSES_MAX } from '../../../app/network/elastic-addresses.ts'
import { GROUPS_PER_INTERFACE_MAX } from '../../../app/network/groups.ts'
import { scopeOf } from '../../../app/network/scope.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeAccountAttributes'>({
  handle: async (ctx, input) => {
    const reference = { name: 'default', value: 'yes' }
    const [vpc] = await ctx.app.store.list('vpc', { ...scopeOf(ctx), reference })
    const values: Record<string, string> = {
      'supported-platforms': 'VPC',
      'default-vpc': vpc?.id ?? 'none',
      'max-elastic-ips': String(ELASTIC_ADDRESSES_MAX),
      'vpc-max-elastic-ips': String(ELASTIC_ADDRESSES_MAX),
      'vpc-max-security-groups-per-interface': String(GROUPS_PER_INTERFACE_MAX),
    }
    const asked = input.AttributeNames ?? []
    const names = asked.length > 0 ? asked : Object.keys(values)
    return {
      AccountAttributes: names.map((name) => ({
        AttributeName: name,
        AttributeValues: [{ AttributeValue: values[name] }],
      })),
    }
  },
})
