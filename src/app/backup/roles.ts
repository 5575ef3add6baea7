/**
 * The role that a job is given. Backup works by itself here: the caller must be allowed to pass the role (see
 * aws/backup/authorisation.ts), and nothing is done in the role's name.
 */
import { parseArn } from '../../domain/backup/arn.ts'
import type { Ctx } from '../context.ts'
import { invalidParameter } from './faults.ts'

/** @throws InvalidParameterValueException unless it is a role of the caller's account. */
export function roleChecked(ctx: Ctx, arn: string): string {
  const parsed = parseArn(arn)
  const isRole = parsed?.service === 'iam' && parsed.rest.startsWith('role/')
  if (!isRole) throw invalidParameter(`Invalid IAM role ARN: ${arn}`)
  if (parsed.account !== ctx.account) {
    throw invalidParameter(`The IAM role ${arn} is not of the account ${ctx.account}`)
  }
  return arn
}
