/** CreateListener. */
import { listenerCreate } from '../../../app/balancers/listeners.ts'
import { elbTagsCheck } from '../../../app/balancers/tags.ts'
import { elbInvalid } from '../../../app/balancers/faults.ts'
import { presentListeners } from '../present.ts'
import { actionOf, certificatesOf, refuse } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'CreateListener'>({
  handle: async (ctx, input) => {
    const { Mode: mode = 'off' } = input.MutualAuthentication ?? {}
    if (mode !== 'off') throw refuse('mutual TLS of load balancers')
    const certificates = certificatesOf(input.Certificates)
    if (certificates.length > 1) throw elbInvalid('Only one certificate can be specified')
    const view = await listenerCreate(ctx, {
      balancerArn: input.LoadBalancerArn!,
      port: input.Port ?? null,
      protocol: input.Protocol ?? null,
      certificates,
      tlsPolicy: input.SslPolicy || null,
      alpn: input.AlpnPolicy?.[0] ?? null,
      action: actionOf(input.DefaultActions),
      tags: elbTagsCheck(input.Tags ?? []),
    })
    return { Listeners: await presentListeners(ctx, [view]) }
  },
})
