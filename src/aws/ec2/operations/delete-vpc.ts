/** DeleteVpc: what AWS made with it goes with it, what the user made must be gone. */
import { vpcDelete } from '../../../app/network/vpcs.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteVpc', void>({
  change: (ctx, input) => vpcDelete(ctx, parseId('vpc', input.VpcId!)),
  answer: () => ({}),
})
