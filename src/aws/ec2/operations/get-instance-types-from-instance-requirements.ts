/**
 * GetInstanceTypesFromInstanceRequirements: all of EC2's types that have the attributes, also those that no host here
 * can run (DescribeInstanceTypeOfferings says which can). No guest here is paravirtual, so that such types are none.
 */
import { unmet } from '../../../domain/recommend/requirements.ts'
import { operation } from '../../operation.ts'
import { requirementsOf } from '../instance-requirements.ts'

const PAGE_SIZE = 1_000

export default operation<'ec2', 'GetInstanceTypesFromInstanceRequirements'>({
  check: (_ctx, input) => void requirementsOf(input.InstanceRequirements!),
  handle: ({ app }, input, call) => {
    const requirements = requirementsOf(input.InstanceRequirements!)
    const architectures = input.ArchitectureTypes ?? []
    const wanted = { ...requirements, ...(architectures.length > 0 && { architectures }) }
    const isHvm = input.VirtualizationTypes?.includes('hvm')
    const found = app.instanceTypes
      .all()
      .filter((type) => isHvm && unmet(type, wanted).length === 0)
    const page = call.page(found, { key: (type) => type.name, defaultSize: PAGE_SIZE })
    return {
      InstanceTypes: page.items.map((type) => ({ InstanceType: type.name })),
      NextToken: page.nextToken,
    }
  },
})
