/** What the Recycle Bin's operations need: the rule that the input names, with its tags. */
import { requestTagKeys, type Deriver } from '../authorisation/wanted.ts'

export const rbinWanted: Deriver = async (ctx, operation, input) => {
  const action = `rbin:${operation}`
  const arn = `arn:aws:rbin:${ctx.region}:${ctx.account}:rule`
  const named = input.Identifier ?? String(input.ResourceArn ?? '').split('/')[1]
  const id = typeof named === 'string' && named !== '' ? named : undefined
  const keys = requestTagKeys(input)
  if (operation === 'ListRules') return [{ action, resource: '*', keys }]
  if (id === undefined) return [{ action, resource: `${arn}/*`, keys }]
  const rule = await ctx.app.store.get('rbinRule', id)
  const tags = Object.entries(rule?.account === ctx.account ? rule.tags : {})
  const own = Object.fromEntries(tags.map(([key, value]) => [`aws:ResourceTag/${key}`, value]))
  return [{ action, resource: `${arn}/${id}`, keys: { ...keys, ...own } }]
}
