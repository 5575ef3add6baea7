/** DescribeVolumeStatus. There are no actions to take: a machine that waits for room goes on by itself. */
import type { VolumeStatusItem } from '@aws-sdk/client-ec2'
import { ownList } from '../../../app/network/scope.ts'
import { volumeErrors } from '../../../app/volumes/errors.ts'
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
    'event.description': (one) => one.Events!.map((each) => each.Description),
    'event.event-id': NONE,
    'event.event-type': (one) => one.Events!.map((each) => each.EventType),
    'event.not-after': NONE,
    'event.not-before': (one) => one.Events!.map((each) => each.NotBefore),
  },
  handle: async (ctx, input, call) => {
    const ids = (input.VolumeIds ?? []).map((id) => parseId('volume', id))
    const volumes = await ownList(ctx, 'volume', ids)
    const errors = await volumeErrors(ctx, volumes)
    const statuses = volumes.map((one) => presentVolumeStatus(one, errors.get(one.id) ?? null))
    const page = call.page(call.filter(statuses), {
      key: (one) => one.VolumeId!,
      defaultSize: 1_000,
    })
    return { VolumeStatuses: page.items, NextToken: page.nextToken }
  },
})
