/** ImportHypervisorConfiguration. What `Host` may be: docs/backup-gateway.md. */
import { arnOf } from '../../../app/gateway/find.ts'
import { hypervisorImport } from '../../../app/gateway/hypervisors.ts'
import { gatewayTags } from '../../../app/gateway/machines.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'ImportHypervisorConfiguration'>({
  handle: async (ctx, input) => {
    const hypervisor = await hypervisorImport(ctx, {
      name: input.Name!,
      host: input.Host!,
      username: input.Username ?? null,
      password: input.Password ?? null,
      kmsKey: input.KmsKeyArn ?? null,
      tags: gatewayTags(input.Tags),
    })
    return { HypervisorArn: arnOf('hypervisor', hypervisor) }
  },
})
