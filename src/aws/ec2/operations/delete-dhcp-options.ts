/** DeleteDhcpOptions: a set that no VPC has. */
import { dhcpOptionsDelete } from '../../../app/network/dhcp-options.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteDhcpOptions', void>({
  change: (ctx, input) => dhcpOptionsDelete(ctx, parseId('dhcpOptions', input.DhcpOptionsId!)),
  answer: () => ({}),
})
