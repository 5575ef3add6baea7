/** EnableFastSnapshotRestores: enabled at once (app/snapshots/fast-restore.ts). */
import { fastRestoreEnable, fastRestoreZones } from '../../../app/snapshots/fast-restore.ts'
import { operation } from '../../operation.ts'
import {
  fastRestoreEach,
  fastRestoreRequestOf,
  presentFastRestore,
} from '../present/fast-restore.ts'

export default operation<'ec2', 'EnableFastSnapshotRestores'>({
  check: async (ctx, input) => void fastRestoreZones(ctx, fastRestoreRequestOf(input)),
  handle: async (ctx, input) => {
    const act = fastRestoreEnable.bind(null, ctx)
    const { done, failed } = await fastRestoreEach(ctx, fastRestoreRequestOf(input), act)
    return { Successful: done.map((one) => presentFastRestore(one)), Unsuccessful: failed }
  },
})
