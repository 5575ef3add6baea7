/** AssumeRole. Decides by the role's trust policy; the gate before it lets everybody try. */
import { roleAssume, sessionTags } from '../../../app/iam/assume-role.ts'
import { invalidValue } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { presentCredentials } from '../present.ts'

export default operation<'sts', 'AssumeRole'>({
  handle: async (ctx, input) => {
    if ((input.SerialNumber === undefined) !== (input.TokenCode === undefined)) {
      throw invalidValue('TokenCode', input.TokenCode, 'SerialNumber and TokenCode come together')
    }
    if (input.ProvidedContexts?.length) {
      throw invalidValue('ProvidedContexts', '…', 'trusted contexts are not supported')
    }
    const assumed = await roleAssume(ctx, {
      roleArn: input.RoleArn!,
      sessionName: input.RoleSessionName!,
      durationSeconds: input.DurationSeconds,
      externalId: input.ExternalId,
      policy: input.Policy,
      policyArns: (input.PolicyArns ?? []).map(({ arn }) => arn ?? ''),
      tags: sessionTags(input.Tags as never),
      transitiveTagKeys: input.TransitiveTagKeys ?? [],
      sourceIdentity: input.SourceIdentity,
      mfa:
        input.SerialNumber === undefined
          ? undefined
          : { serial: input.SerialNumber, code: input.TokenCode! },
    })
    return {
      Credentials: presentCredentials(assumed.credentials),
      AssumedRoleUser: { AssumedRoleId: assumed.principal.id, Arn: assumed.principal.arn },
      PackedPolicySize: assumed.packedSize > 0 ? assumed.packedSize : undefined,
      SourceIdentity: assumed.sourceIdentity ?? undefined,
    }
  },
})
