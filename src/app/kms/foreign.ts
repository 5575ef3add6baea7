/**
 * Another account's key, used by a service for the caller: its own policy must let the caller have data keys of it,
 * and the caller's policies must too. Asked where the key is used, because not every request names it (an account's
 * default, an image's devices), and because nothing else stops root.
 */
import { decideWithResource } from '../../domain/iam/evaluate.ts'
import { kmsKeyArn, type KmsKey } from '../../domain/kms.ts'
import type { Ctx } from '../context.ts'
import { globalKeys } from '../iam/context-keys.ts'
import { EVERYTHING, standingOf, type Standing } from '../iam/principal-policies.ts'
import { keyPolicyCompiled } from './keys.ts'

const ROOT: Standing = { policies: { identity: [EVERYTHING] }, facts: { principalTags: {} } }

export async function mayUseForeignKey(ctx: Ctx, key: KmsKey): Promise<boolean> {
  const { policies, facts } = (await standingOf(ctx)) ?? ROOT
  const { arn, entityId } = ctx.principal
  const { result } = decideWithResource(
    {
      action: 'kms:GenerateDataKeyWithoutPlaintext',
      resource: kmsKeyArn(key),
      keys: globalKeys(ctx, facts),
    },
    {
      account: ctx.account,
      arn,
      ...(facts.roleArn && { roleArn: facts.roleArn }),
      ...(entityId && { id: entityId }),
    },
    policies,
    { account: key.account, policy: keyPolicyCompiled(key), ids: {} },
  )
  return result === 'allowed'
}
