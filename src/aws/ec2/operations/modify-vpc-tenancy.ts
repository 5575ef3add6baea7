/** ModifyVpcTenancy: from dedicated to default. */
import { vpcTenancyReset } from '../../../app/network/vpcs.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'ModifyVpcTenancy', void>({
  change: (ctx, input) => vpcTenancyReset(ctx, parseId('vpc', input.VpcId!)),
  answer: () => ({ ReturnValue: true }),
})
