/** DisableSerialConsoleAccess, for the account in the region. */
import { serialAccessSet } from '../../../app/serial-access.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DisableSerialConsoleAccess'>({
  handle: async (ctx) => ({ SerialConsoleAccessEnabled: await serialAccessSet(ctx, false) }),
})
