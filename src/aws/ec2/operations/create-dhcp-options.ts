/** CreateDhcpOptions. */
import { dhcpOptionsCreate } from '../../../app/network/dhcp-options.ts'
import type { DhcpOptions } from '../../../domain/network.ts'
import { changing } from '../changing.ts'
import { dhcpOptionsShape } from '../present/vpc.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateDhcpOptions', DhcpOptions>({
  change: (ctx, input) =>
    dhcpOptionsCreate(ctx, {
      options: (input.DhcpConfigurations ?? []).map((each) => {
        return { key: each.Key ?? '', values: each.Values ?? [] }
      }),
      tags: tagsOfSpecifications(input.TagSpecifications, 'dhcp-options'),
    }),
  answer: (options) => ({ DhcpOptions: dhcpOptionsShape(options) }),
})
