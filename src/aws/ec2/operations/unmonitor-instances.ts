/** UnmonitorInstances: back to a value of each metric every five minutes. */
import { instanceModify, instanceModifyPlan } from '../../../app/instances/attributes.ts'
import { operation } from '../../operation.ts'
import { idsOf } from '../present/state-change.ts'

const CHANGE = { type: 'spec', values: { isMonitored: false } } as const

export default operation<'ec2', 'UnmonitorInstances'>({
  check: async (ctx, input) => {
    for (const id of idsOf(input.InstanceIds)) await instanceModifyPlan(ctx, id, CHANGE)
  },
  handle: async (ctx, input) => {
    const ids = idsOf(input.InstanceIds)
    for (const id of ids) await instanceModify(ctx, id, CHANGE)
    return {
      InstanceMonitorings: ids.map((InstanceId) => ({
        InstanceId,
        Monitoring: { State: 'disabled' },
      })),
    }
  },
})
