/** UnmonitorInstances: detailed monitoring, a value a minute, ends; from then on it is one every five. */
import { instancesGet } from '../../../app/instances/lifecycle.ts'
import { instancesMonitor } from '../../../app/instances/monitor.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'UnmonitorInstances'>({
  check: async (ctx, input) => {
    await instancesGet(
      ctx,
      input.InstanceIds!.map((id) => parseId('instance', id)),
    )
  },
  handle: async (ctx, input) => {
    const ids = input.InstanceIds!.map((id) => parseId('instance', id))
    await instancesMonitor(ctx, ids, false)
    return {
      InstanceMonitorings: ids.map((InstanceId) => ({
        InstanceId,
        Monitoring: { State: 'disabling' },
      })),
    }
  },
})
