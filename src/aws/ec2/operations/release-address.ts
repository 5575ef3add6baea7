/** ReleaseAddress: back to the pool. */
import { elasticAddressRelease } from '../../../app/network/elastic-addresses.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'ReleaseAddress', void>({
  change: (ctx, input) => {
    const { AllocationId: id, PublicIp: address, NetworkBorderGroup: group } = input
    if (group !== undefined && group !== ctx.region) {
      throw invalidValue('NetworkBorderGroup', group, `the only one is ${ctx.region}`)
    }
    if (id) return elasticAddressRelease(ctx, parseId('elasticAddress', id))
    if (address) {
      const reason = 'You must specify an allocation id when releasing a VPC elastic IP address'
      throw invalidValue('publicIp', address, reason)
    }
    throw new FaultError({ type: 'MissingParameter', parameter: 'allocationId' })
  },
  answer: () => ({}),
})
