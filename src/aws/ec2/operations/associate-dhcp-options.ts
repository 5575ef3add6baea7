/** AssociateDhcpOptions: `default` stands for none. */
import { dhcpOptionsAssociate } from '../../../app/network/dhcp-options.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'AssociateDhcpOptions', void>({
  change: (ctx, input) => {
    const { DhcpOptionsId: text = '' } = input
    const id = text === 'default' ? text : parseId('dhcpOptions', text)
    return dhcpOptionsAssociate(ctx, parseId('vpc', input.VpcId!), id)
  },
  answer: () => ({}),
})
