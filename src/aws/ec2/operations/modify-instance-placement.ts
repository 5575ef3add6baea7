/** ModifyInstancePlacement: into a group or out of one, while the instance is stopped. */
import { instancePlace } from '../../../app/instances/placement.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { refuseFeatures } from '../absent-features.ts'
import { placementWishOf } from '../placement-wish.ts'

export default operation<'ec2', 'ModifyInstancePlacement'>({
  check: (_ctx, input) => {
    refuseFeatures('ModifyInstancePlacement', {
      HostId: input.HostId,
      HostResourceGroupArn: input.HostResourceGroupArn,
      'Affinity host': input.Affinity === 'host',
      'Tenancy host': input.Tenancy === 'host',
    })
  },
  handle: async (ctx, input) => {
    const { GroupName, GroupId, PartitionNumber, Tenancy } = input
    const isLeaving = GroupName === ''
    const wish = placementWishOf({ GroupName, GroupId, PartitionNumber })
    await instancePlace(ctx, parseId('instance', input.InstanceId!), {
      wish: isLeaving ? 'none' : (wish ?? 'same'),
      tenancy: Tenancy === 'host' ? null : (Tenancy ?? null),
    })
    return { Return: true }
  },
})
