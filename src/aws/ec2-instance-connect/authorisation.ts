/** What a way into a machine needs: the action on the machine, with its tags and the user who logs in. */
import type { Deriver } from '../authorisation/wanted.ts'

export const instanceConnectWanted: Deriver = async (ctx, operation, input) => {
  const id = String(input.InstanceId ?? '')
  const found = await ctx.app.store.get('instance', id)
  const isOwn = found?.account === ctx.account && found.region === ctx.region
  const tags = isOwn ? Object.entries(found.tags) : []
  const keys = tags.flatMap(([key, value]) => [
    [`aws:ResourceTag/${key}`, value] as const,
    [`ec2:ResourceTag/${key}`, value] as const,
  ])
  const osUser = input.InstanceOSUser as string | undefined
  return [
    {
      action: `ec2-instance-connect:${operation}`,
      resource: `arn:aws:ec2:${ctx.region}:${ctx.account}:instance/${id}`,
      keys: { ...Object.fromEntries(keys), 'ec2:osuser': osUser },
    },
  ]
}
