/** An elastic address in requests: by its allocation, or by the address itself. */
import type { ElasticAddressName } from '../../app/network/elastic-addresses.ts'
import { FaultError } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'

export function elasticAddressNamed(input: {
  AllocationId?: string | undefined
  PublicIp?: string | undefined
}): ElasticAddressName {
  const { AllocationId: id, PublicIp: address } = input
  if (id && address) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['AllocationId', 'PublicIp'],
      reason: 'You may specify public IP or allocation id, but not both in the same call',
    })
  }
  if (id) return { type: 'id', id: parseId('elasticAddress', id) }
  if (address) return { type: 'address', address }
  const hint = 'Either public IP or allocation id must be specified'
  throw new FaultError({ type: 'MissingParameter', parameter: 'allocationId', hint })
}
