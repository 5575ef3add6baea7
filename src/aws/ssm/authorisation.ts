/** What SSM's operations need: parameters by name. Public ones belong to no account. */
import type { Ctx } from '../../app/context.ts'
import { resourceTypesOf } from '../authorisation/reference.ts'
import type { Deriver } from '../authorisation/wanted.ts'

export function parameterArn(ctx: Ctx, name: string): string {
  const isPublic = name.startsWith('/aws/')
  const account = isPublic ? '' : ctx.account
  const plain = name.replace(/^arn:[^/]*?:parameter/, '').replace(/^\//, '')
  return `arn:aws:ssm:${ctx.region}:${account}:parameter/${plain}`
}

export const ssmWanted: Deriver = async (ctx, operation, input) => {
  const action = `ssm:${operation}`
  const names = [input.Name, input.Path, ...((input.Names as string[] | undefined) ?? [])].filter(
    (name): name is string => typeof name === 'string',
  )
  const hasParameters = resourceTypesOf('ssm', operation).includes('parameter')
  if (!hasParameters || names.length === 0) return [{ action, resource: '*', keys: {} }]
  return names.map((name) => ({ action, resource: parameterArn(ctx, name), keys: {} }))
}
