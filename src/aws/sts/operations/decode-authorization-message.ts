/** DecodeAuthorizationMessage: why EC2 refused a request. */
import { decodedMessage } from '../../authorisation/message.ts'
import { operation } from '../../operation.ts'

export default operation<'sts', 'DecodeAuthorizationMessage'>({
  handle: (ctx, input) => ({ DecodedMessage: decodedMessage(ctx, input.EncodedMessage!) }),
})
