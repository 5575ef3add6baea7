/**
 * The encoded authorization message: why a request was refused, for those only who may read it, by
 * sts:DecodeAuthorizationMessage. Sealed, so that it says nothing to anybody else. Source: STS API reference.
 */
import type { Ctx } from '../../app/context.ts'
import type { Decision } from '../../domain/iam/evaluate.ts'
import { WireError } from '../wire-error.ts'

const PURPOSE = 'authorization-message'

export function encodedMessage(
  ctx: Ctx,
  failure: {
    action: string
    resource: string
    decision: Exclude<Decision, { result: 'allowed' }>
    keys: ReadonlyMap<string, readonly string[]>
  },
): string {
  const { decision, keys } = failure
  const message = {
    allowed: false,
    explicitDeny: decision.result === 'explicitDeny',
    matchedStatements: {
      items: decision.matched.map(({ sid, effect, policy }) => ({
        statementId: sid,
        effect: effect.toUpperCase(),
        sourcePolicyId: policy,
      })),
    },
    failures: { items: [] },
    context: {
      principal: { id: ctx.principal.id, arn: ctx.principal.arn },
      action: failure.action,
      resource: failure.resource,
      conditions: {
        items: [...keys].map(([key, values]) => ({
          key,
          values: { items: values.map((value) => ({ value })) },
        })),
      },
    },
  }
  return ctx.app.seal.seal(PURPOSE, JSON.stringify({ account: ctx.account, message }))
}

/** The message as JSON text. @throws InvalidAuthorizationMessage when it is not one of the account's. */
export function decodedMessage(ctx: Ctx, encoded: string): string {
  const text = ctx.app.seal.open(PURPOSE, encoded)
  const found = text && (JSON.parse(text) as { account: string; message: object })
  if (!found || found.account !== ctx.account) {
    throw new WireError('InvalidAuthorizationMessageException', 'Message is not valid.')
  }
  return JSON.stringify(found.message)
}
