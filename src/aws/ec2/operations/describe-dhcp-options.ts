/** DescribeDhcpOptions. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import type { DhcpOptions } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { dhcpOptionsShape } from '../present/vpc.ts'
import { tagsOf } from '../tags.ts'

export default operation<'ec2', 'DescribeDhcpOptions', DhcpOptions>({
  filters: {
    'dhcp-options-id': (dhcp) => dhcp.id,
    key: (dhcp) => Object.keys(dhcp.options),
    'owner-id': (dhcp) => dhcp.account,
    value: (dhcp) => Object.values(dhcp.options).flat(),
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.DhcpOptionsIds ?? []).map((id) => parseId('dhcpOptions', id))
    const found = call.filter(await ownList(ctx, 'dhcpOptions', ids))
    const page = call.page(found, { key: (dhcp) => dhcp.id })
    return { DhcpOptions: page.items.map(dhcpOptionsShape), NextToken: page.nextToken }
  },
})
