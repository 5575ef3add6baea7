/** Who am I: the first call that every tool makes. */
import { GetAccessKeyInfoCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { expect, test } from 'vitest'
import { ACCOUNT, ROOT_KEY, startTestCloud } from '../support/cloud.ts'

test('strict: the owner of the key', async () => {
  await using cloud = await startTestCloud({ mode: 'strict' })
  const sts = cloud.stsOf()
  expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
    Account: ACCOUNT,
    UserId: ACCOUNT,
    Arn: `arn:aws:iam::${ACCOUNT}:root`,
  })
  const info = (AccessKeyId: string) => sts.send(new GetAccessKeyInfoCommand({ AccessKeyId }))
  expect((await info(ROOT_KEY.accessKeyId)).Account).toBe(ACCOUNT)
  await expect(info('AKIANOBODYHASTHISKEY')).rejects.toMatchObject({ name: 'ValidationError' })
  const forged = { ...ROOT_KEY, secretAccessKey: 'wrong' }
  const stranger = cloud.stsOf({ credentials: forged })
  await expect(stranger.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
  })
})

test('open: the access key id names the account', async () => {
  await using cloud = await startTestCloud({ mode: 'open' })
  const identity = (account: string) =>
    cloud.stsOf({ account }).send(new GetCallerIdentityCommand({}))
  expect((await identity('999900001111')).Account).toBe('999900001111')
  expect((await identity('something')).Account).toBe('000000000000')
})
