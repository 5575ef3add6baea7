/** DeleteServerCertificate. */
import { entityRemove } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteServerCertificate'>({
  handle: async (ctx, input) => {
    // Nothing here uses one, so that none is ever in the way.
    await entityRemove(ctx, 'iamServerCertificate', input.ServerCertificateName!, () => {})
    return {}
  },
})
