/** AssumeRoleWithWebIdentity. Comes without a signature; the token and the role's trust policy decide. */
import { webIdentityAssume } from '../../../app/iam/web-identity.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { presentCredentials } from '../present.ts'

export default operation<'sts', 'AssumeRoleWithWebIdentity'>({
  handle: async (ctx, input) => {
    if (input.ProviderId !== undefined) {
      const feature = `Access tokens of ${input.ProviderId}`
      throw new FaultError({ type: 'Unsupported', feature, hint: 'use an OpenID Connect ID token' })
    }
    const assumed = await webIdentityAssume(ctx, {
      roleArn: input.RoleArn!,
      sessionName: input.RoleSessionName!,
      token: input.WebIdentityToken!,
      durationSeconds: input.DurationSeconds,
      policy: input.Policy,
      policyArns: (input.PolicyArns ?? []).map(({ arn }) => arn ?? ''),
    })
    return {
      Credentials: presentCredentials(assumed.credentials),
      SubjectFromWebIdentityToken: assumed.subject,
      AssumedRoleUser: { AssumedRoleId: assumed.principal.id, Arn: assumed.principal.arn },
      PackedPolicySize: assumed.packedSize > 0 ? assumed.packedSize : undefined,
      Provider: assumed.providerArn,
      Audience: assumed.audience,
      SourceIdentity: assumed.sourceIdentity ?? undefined,
    }
  },
})
