/** EnableFastLaunch: machines of the image start as copies of a template from now on (docs/templates.md). */
import type { EnableFastLaunchRequest } from '@aws-sdk/client-ec2'
import { fastLaunchEnable, fastLaunchEnableCheck } from '../../../app/images/fast-launch.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { fastLaunchShape } from '../present/fast-launch.ts'

function optionsOf(input: EnableFastLaunchRequest) {
  const type = input.ResourceType ?? 'snapshot'
  if (type !== 'snapshot') throw invalidValue('ResourceType', type, 'the only one is snapshot')
  if (input.LaunchTemplate) {
    // AWS needs one for the network of its preparing machines; ours have no network.
    throw new FaultError({ type: 'Unsupported', feature: 'LaunchTemplate of EnableFastLaunch' })
  }
  return {
    targetResourceCount: input.SnapshotConfiguration?.TargetResourceCount ?? null,
    maxParallelLaunches: input.MaxParallelLaunches ?? null,
  }
}

export default operation<'ec2', 'EnableFastLaunch'>({
  check: async (ctx, input) => {
    await fastLaunchEnableCheck(ctx, parseId('image', input.ImageId!), optionsOf(input))
  },
  handle: async (ctx, input) =>
    fastLaunchShape(
      await fastLaunchEnable(ctx, parseId('image', input.ImageId!), optionsOf(input)),
    ),
})
