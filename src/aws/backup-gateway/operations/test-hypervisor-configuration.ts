/** TestHypervisorConfiguration. */
import { configurationTest } from '../../../app/gateway/hypervisors.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'TestHypervisorConfiguration'>({
  handle: async (ctx, input) => {
    const credentials = { username: input.Username ?? null, password: input.Password ?? null }
    await configurationTest(ctx, input.GatewayArn!, input.Host!, credentials)
    return {}
  },
})
