/** What STS's operations need, beside AssumeRole, which decides with the role's trust policy. */
import { requestTagKeys, type Deriver } from '../authorisation/wanted.ts'

export const stsWanted: Deriver = async (ctx, operation, input) => {
  const action = `sts:${operation}`
  const keys = requestTagKeys(input)
  if (operation !== 'GetFederationToken') return [{ action, resource: '*', keys }]
  const resource = `arn:aws:sts::${ctx.account}:federated-user/${String(input.Name)}`
  const wanted = [{ action, resource, keys }]
  if (Object.keys(keys).length > 0) wanted.push({ action: 'sts:TagSession', resource, keys })
  return wanted
}
