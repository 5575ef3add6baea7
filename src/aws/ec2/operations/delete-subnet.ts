/** DeleteSubnet. */
import { subnetDelete } from '../../../app/network/subnets.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteSubnet', void>({
  change: (ctx, input) => subnetDelete(ctx, parseId('subnet', input.SubnetId!)),
  answer: () => ({}),
})
