/** DescribeLockedSnapshots: those whose time is over too. */
import type { LockedSnapshotsInfo } from '@aws-sdk/client-ec2'
import { snapshotsLocked } from '../../../app/snapshots/lock.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentLock } from '../present/snapshot.ts'

export default operation<'ec2', 'DescribeLockedSnapshots', LockedSnapshotsInfo>({
  filters: { 'lock-state': (one) => one.LockState },
  handle: async (ctx, input, call) => {
    const ids = (input.SnapshotIds ?? []).map((id) => parseId('snapshot', id))
    const now = ctx.app.clock.now()
    const locked = (await snapshotsLocked(ctx, ids)).map((one) => ({
      OwnerId: one.account,
      ...presentLock(one, now),
    }))
    const page = call.page(call.filter(locked), { key: (one) => one.SnapshotId! })
    return { Snapshots: page.items, NextToken: page.nextToken }
  },
})
