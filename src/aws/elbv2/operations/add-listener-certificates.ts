/** AddListenerCertificates. */
import { listenerCertificates } from '../../../app/balancers/listeners.ts'
import { certificatesOf } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'AddListenerCertificates'>({
  handle: async (ctx, input) => {
    const add = certificatesOf(input.Certificates)
    await listenerCertificates(ctx, input.ListenerArn!, { add })
    return { Certificates: add.map((CertificateArn) => ({ CertificateArn, IsDefault: false })) }
  },
})
