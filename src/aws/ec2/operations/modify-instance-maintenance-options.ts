/** ModifyInstanceMaintenanceOptions. There are no reboot migrations: hosts here are not retired under their guests. */
import { instanceModify, instanceModifyPlan } from '../../../app/instances/attributes.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ModifyInstanceMaintenanceOptions'>({
  check: async (ctx, input) => {
    if (input.RebootMigration !== undefined) {
      throw new FaultError({ type: 'Unsupported', feature: 'RebootMigration' })
    }
    const id = parseId('instance', input.InstanceId!)
    await instanceModifyPlan(ctx, id, { type: 'spec', values: {} })
  },
  handle: async (ctx, input) => {
    const { AutoRecovery } = input
    const id = parseId('instance', input.InstanceId!)
    const values = AutoRecovery ? { autoRecovery: AutoRecovery } : {}
    await instanceModify(ctx, id, { type: 'spec', values })
    return { InstanceId: id, AutoRecovery }
  },
})
