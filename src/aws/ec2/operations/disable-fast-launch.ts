/** DisableFastLaunch: its templates go, and its machines boot. Those that run are not touched, whatever `Force` says. */
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
