/** RemoveListenerCertificates. */
import { listenerCertificates } from '../../../app/balancers/listeners.ts'
import { certificatesOf } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'RemoveListenerCertificates'>({
  handle: async (ctx, input) => {
    const remove = certificatesOf(input.Certificates)
    await listenerCertificates(ctx, input.ListenerArn!, { remove })
    return {}
  },
})
