/** DescribeVolumeStatus. There are no events and no actions to take. */
import type { VolumeStatusItem } from '@aws-sdk/client-ec2'
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentVolumeStatus } from '../present/volume.ts'

const NONE = (): [] => []

export default operation<'ec2', 'DescribeVolumeStatus', VolumeStatusItem>({
  filters: {
    'availability-zone': (one) => one.AvailabilityZone,
    'volume-status.details-name': (one) => one.VolumeStatus!.Details!.map((each) => each.Name),
    'volume-status.details-status': (one) => one.VolumeStatus!.Details!.map((each) => each.Status),
    'volume-status.status': (one) => one.VolumeStatus!.Status,
    'action.code': NONE,
    'action.description': NONE,
    'action.event-id': NONE,
    'event.description': NONE,
    'event.event-id': NONE,
    'event.event-type': NONE,
    'event.not-after': NONE,
    'event.not-before': NONE,
  },
  handle: async (ctx, input, call) => {
    const ids = (input.VolumeIds ?? []).map((id) => parseId('volume', id))
    const volumes = await ownList(ctx, 'volume', ids)
    const page = call.page(call.filter(volumes.map(presentVolumeStatus)), {
      key: (one) => one.VolumeId!,
      defaultSize: 1_000,
    })
    return { VolumeStatuses: page.items, NextToken: page.nextToken }
  },
})
