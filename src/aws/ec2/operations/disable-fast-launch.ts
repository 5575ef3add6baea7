/** DisableFastLaunch: its templates go, and new machines boot. `Force` changes nothing: none that runs is touched. */
import { fastLaunchDisable, fastLaunchDisableCheck } from '../../../app/images/fast-launch.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { fastLaunchShape } from '../present/fast-launch.ts'

export default operation<'ec2', 'DisableFastLaunch'>({
  check: async (ctx, input) => {
    await fastLaunchDisableCheck(ctx, parseId('image', input.ImageId!))
  },
  handle: async (ctx, input) =>
    fastLaunchShape(await fastLaunchDisable(ctx, parseId('image', input.ImageId!))),
})
