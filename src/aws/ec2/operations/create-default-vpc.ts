/** CreateDefaultVpc: after the first one was deleted. */
import { defaultVpcCreate } from '../../../app/network/default-network.ts'
import type { Vpc } from '../../../domain/network.ts'
import { changing } from '../changing.ts'
import { vpcShape } from '../present/vpc.ts'

export default changing<'CreateDefaultVpc', Vpc>({
  change: (ctx) => defaultVpcCreate(ctx),
  answer: (vpc) => ({ Vpc: vpcShape(vpc) }),
})
