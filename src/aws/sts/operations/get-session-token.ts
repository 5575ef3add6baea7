/** GetSessionToken: the caller again, for a while, perhaps with MFA. Needs no permission, as on AWS. */
import { mfaVerify } from '../../../app/iam/mfa.ts'
import { sessionIssue } from '../../../app/iam/sessions.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { presentCredentials } from '../present.ts'

const SECONDS_DEFAULT = 43_200
/** For root, whatever it asks for. */
const ROOT_SECONDS_MAX = 3_600

export default operation<'sts', 'GetSessionToken'>({
  handle: async (ctx, input) => {
    const { principal } = ctx
    const { SerialNumber: serial, TokenCode: code } = input
    const hasMfa = serial !== undefined && (await mfaVerify(ctx, serial, code ?? ''))
    if (serial !== undefined && !hasMfa) {
      const reason = 'MultiFactorAuthentication failed with invalid MFA one time pass code. '
      throw new FaultError({ type: 'Unauthorized', action: 'sts:GetSessionToken', reason })
    }
    const isRoot = principal.type === 'root'
    const wanted = input.DurationSeconds ?? SECONDS_DEFAULT
    const seconds = isRoot ? Math.min(wanted, ROOT_SECONDS_MAX) : wanted
    const { type, arn, id, entityId } = principal
    const self = { type, arn, id, ...(entityId !== undefined && { entityId }) }
    return {
      Credentials: presentCredentials(
        sessionIssue(ctx.app, ctx.account, self, seconds, { hasMfa }),
      ),
    }
  },
})
