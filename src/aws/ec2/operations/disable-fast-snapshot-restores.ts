/** DisableFastSnapshotRestores: off at once (app/snapshots/fast-restore.ts). */
import { fastRestoreDisable, fastRestoreZones } from '../../../app/snapshots/fast-restore.ts'
import { operation } from '../../operation.ts'
import {
  fastRestoreEach,
  fastRestoreRequestOf,
  presentFastRestore,
} from '../present/fast-restore.ts'

export default operation<'ec2', 'DisableFastSnapshotRestores'>({
  check: async (ctx, input) => void fastRestoreZones(ctx, fastRestoreRequestOf(input)),
  handle: async (ctx, input) => {
    const act = fastRestoreDisable.bind(null, ctx)
    const { done, failed } = await fastRestoreEach(ctx, fastRestoreRequestOf(input), act)
    return {
      Successful: done.map((one) => presentFastRestore(one, ctx.app.clock.now())),
      Unsuccessful: failed,
    }
  },
})
