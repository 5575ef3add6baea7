/** LockSnapshot. */
import type { LockSnapshotRequest } from '@aws-sdk/client-ec2'
import { snapshotLock, snapshotLockPlan } from '../../../app/snapshots/lock.ts'
import { parseId } from '../../../domain/ids.ts'
import type { SnapshotLockRequest } from '../../../domain/snapshot-lock.ts'
import { operation } from '../../operation.ts'
import { presentLock } from '../present/snapshot.ts'

export default operation<'ec2', 'LockSnapshot'>({
  check: async (ctx, input) => {
    await snapshotLockPlan(ctx, parseId('snapshot', input.SnapshotId!), requestOf(input))
  },
  handle: async (ctx, input) => {
    const id = parseId('snapshot', input.SnapshotId!)
    return presentLock(await snapshotLock(ctx, id, requestOf(input)), ctx.app.clock.now())
  },
})

const requestOf = (input: Readonly<LockSnapshotRequest>): SnapshotLockRequest => ({
  mode: input.LockMode!,
  days: input.LockDuration ?? null,
  expiresAt: input.ExpirationDate?.getTime() ?? null,
  coolOffHours: input.CoolOffPeriod ?? null,
})
