/** GetFederationToken: somebody of another directory, with no more than the caller and the session policies allow. */
import { packedSizeOf, sessionChecked, sessionTags } from '../../../app/iam/assume-role.ts'
import { sessionIssue } from '../../../app/iam/sessions.ts'
import { operation } from '../../operation.ts'
import { presentCredentials } from '../present.ts'

const SECONDS_DEFAULT = 43_200
const ROOT_SECONDS_MAX = 3_600

export default operation<'sts', 'GetFederationToken'>({
  handle: async (ctx, input) => {
    const { app, account, principal } = ctx
    const tags = sessionTags(input.Tags as never)
    const policyArns = (input.PolicyArns ?? []).map(({ arn }) => arn ?? '')
    const request = { policy: input.Policy, policyArns, tags }
    await sessionChecked(ctx, request)
    const isRoot = principal.type === 'root'
    const wanted = input.DurationSeconds ?? SECONDS_DEFAULT
    const seconds = isRoot ? Math.min(wanted, ROOT_SECONDS_MAX) : wanted
    const name = input.Name!
    const federated = {
      type: 'federated' as const,
      arn: `arn:aws:sts::${account}:federated-user/${name}`,
      id: `${account}:${name}`,
      entityId: principal.entityId ?? account,
    }
    const packedSize = packedSizeOf(request, tags)
    return {
      Credentials: presentCredentials(
        sessionIssue(app, account, federated, seconds, {
          policies: input.Policy === undefined ? [] : [input.Policy],
          policyArns,
          tags,
        }),
      ),
      FederatedUser: { FederatedUserId: federated.id, Arn: federated.arn },
      PackedPolicySize: packedSize > 0 ? packedSize : undefined,
    }
  },
})
