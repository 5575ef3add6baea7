/** GetSerialConsoleAccessStatus. */
import { serialAccess } from '../../../app/serial-access.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetSerialConsoleAccessStatus'>({
  handle: async (ctx) => ({
    SerialConsoleAccessEnabled: await serialAccess(ctx),
    ManagedBy: 'account',
  }),
})
