/** What the EBS direct APIs need: the snapshots that the input names. */
import { requestTagKeys, type Deriver } from '../authorisation/wanted.ts'
import { kmsKeyWanted } from '../kms/authorisation.ts'

const MEMBERS = ['SnapshotId', 'FirstSnapshotId', 'SecondSnapshotId'] as const

export const ebsWanted: Deriver = async (ctx, operation, input) => {
  const action = `ebs:${operation}`
  const arnOf = (id: unknown): string => `arn:aws:ec2:${ctx.region}::snapshot/${String(id)}`
  const named = MEMBERS.filter((name) => typeof input[name] === 'string')
  const ids = named.map((name) => input[name] as string)
  const snapshots = await ctx.app.store.list('snapshot', { ids })
  const keys = {
    ...requestTagKeys(input),
    'ebs:Description': input.Description as string | undefined,
    'ebs:ParentSnapshot':
      input.ParentSnapshotId === undefined ? undefined : arnOf(input.ParentSnapshotId),
    'ebs:VolumeSize': input.VolumeSize === undefined ? undefined : String(input.VolumeSize),
  }
  if (ids.length === 0) {
    const started = { action, resource: arnOf('*'), keys }
    const { KmsKeyArn: key } = input
    if (typeof key !== 'string') return [started]
    // Who encrypts with a key of KMS must be allowed to have data keys of it.
    return [started, await kmsKeyWanted(ctx, 'kms:GenerateDataKeyWithoutPlaintext', key)]
  }
  return ids.map((id) => {
    const found = snapshots.find((one) => one.id === id && one.account === ctx.account)
    const tags = Object.entries(found?.tags ?? {}).map(([key, value]) => {
      return [`aws:ResourceTag/${key}`, value] as const
    })
    return { action, resource: arnOf(id), keys: { ...keys, ...Object.fromEntries(tags) } }
  })
}
