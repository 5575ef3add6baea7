/** ModifyListener. */
import { listenerModify } from '../../../app/balancers/listeners.ts'
import { elbInvalid } from '../../../app/balancers/faults.ts'
import { presentListeners } from '../present.ts'
import { actionOf, certificatesOf, refuse } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'ModifyListener'>({
  handle: async (ctx, input) => {
    const { Mode: mode = 'off' } = input.MutualAuthentication ?? {}
    if (mode !== 'off') throw refuse('mutual TLS of load balancers')
    const certificates = input.Certificates ? certificatesOf(input.Certificates) : null
    if ((certificates?.length ?? 0) > 1) throw elbInvalid('Only one certificate can be specified')
    const view = await listenerModify(ctx, input.ListenerArn!, {
      port: input.Port ?? null,
      protocol: input.Protocol ?? null,
      certificates,
      tlsPolicy: input.SslPolicy || null,
      alpn: input.AlpnPolicy?.[0] ?? null,
      action: input.DefaultActions ? actionOf(input.DefaultActions) : null,
    })
    return { Listeners: await presentListeners(ctx, [view]) }
  },
})
