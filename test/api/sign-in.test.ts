/** A password becomes a session: with MFA, a new password where one is due, and no hint to those who guess. */
import {
  CreateAccountAliasCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  GetUserCommand,
  ListUsersCommand,
  ChangePasswordCommand,
  PutUserPolicyCommand,
  UpdateAccountPasswordPolicyCommand,
  UpdateLoginProfileCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSignIn } from '../../src/api/sign-in.ts'
import { systemClock } from '../../src/lib/time.ts'
import { STEP_MS, totpCode } from '../../src/lib/totp.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, document, failureOf, userMake, type Keys } from '../support/iam.ts'

let cloud: TestCloud
let iam: IAMClient
let server: Server
let url: string
let ahead = 0
const PASSWORD = 'Correct-Horse-1'
const DAY_MS = 86_400_000

beforeAll(async () => {
  const clock = { ...systemClock, now: () => Date.now() + ahead }
  cloud = await startTestCloud({ mode: 'strict', clock })
  iam = cloud.iamOf()
  await iam.send(new CreateAccountAliasCommand({ AccountAlias: 'brume-test' }))
  server = createServer(
    (request, response) => void createSignIn(cloud.app, 'us-east-1')(request, response),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/sign-in`
})
afterAll(async () => {
  server.close()
  await cloud.close()
})
beforeEach(() => {
  ahead = 0
})

interface Answer {
  status?: string
  error?: string
  account?: string
  userArn?: string
  credentials?: Keys & { expiration: string }
}

async function ask(change: object, type = 'application/json'): Promise<[number, Answer]> {
  const body = JSON.stringify({ account: ACCOUNT, password: PASSWORD, ...change })
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
  return [response.status, (await response.json()) as Answer]
}

async function personMake(UserName: string, more: object = {}): Promise<void> {
  await iam.send(new CreateUserCommand({ UserName }))
  await iam.send(new CreateLoginProfileCommand({ UserName, Password: PASSWORD, ...more }))
  const PolicyDocument = document(allow('iam:GetUser'))
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }))
}

test('by account or alias: a session that is the user', async () => {
  await personMake('ada')
  for (const account of [ACCOUNT, 'brume-test']) {
    const [status, answer] = await ask({ account, userName: 'ada' })
    expect(status).toBe(200)
    expect(answer).toMatchObject({
      status: 'session',
      userArn: `arn:aws:iam::${ACCOUNT}:user/ada`,
    })
    // IAM lets a console's session in; its policies count.
    const { expiration, ...credentials } = answer.credentials!
    expect(Date.parse(expiration)).toBeGreaterThan(Date.now() + 11 * 3_600_000)
    const own = cloud.iamOf({ credentials })
    await own.send(new GetUserCommand({}))
    expect((await failureOf(own.send(new ListUsersCommand({})))).code).toBe('AccessDenied')
  }
  const { User } = await iam.send(new GetUserCommand({ UserName: 'ada' }))
  expect(User!.PasswordLastUsed!.getTime()).toBeGreaterThan(Date.now() - 60_000)
})

test('what is wrong is not told apart, and guessing has to wait', async () => {
  await personMake('bob')
  await iam.send(new CreateUserCommand({ UserName: 'without' }))
  const wrong = [
    await ask({ userName: 'bob', password: 'wrong' }),
    await ask({ userName: 'nobody' }),
    await ask({ userName: 'without' }),
    await ask({ userName: 'bob', account: '999999999999' }),
  ]
  expect(new Set(wrong.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(wrong[0]![0]).toBe(403)
  for (let n = 0; n < 4; n++) await ask({ userName: 'bob', password: 'wrong' })
  expect((await ask({ userName: 'bob' }))[0]).toBe(429)
  ahead = 2_000
  expect((await ask({ userName: 'bob' }))[0]).toBe(200)
})

test('with an MFA device its code is needed, once', async () => {
  await personMake('mia')
  const { VirtualMFADevice: device } = await iam.send(
    new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'mia' }),
  )
  const letters = Buffer.from(device!.Base32StringSeed!).toString()
  const bits = [...letters].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  const seed = Buffer.from(
    bits
      .join('')
      .match(/.{8}/g)!
      .map((eight) => Number.parseInt(eight, 2)),
  )
  const codeAt = (step: number) => totpCode(seed, Math.floor(Date.now() / STEP_MS) + step)
  await iam.send(
    new EnableMFADeviceCommand({
      UserName: 'mia',
      SerialNumber: device!.SerialNumber!,
      AuthenticationCode1: codeAt(-1),
      AuthenticationCode2: codeAt(0),
    }),
  )
  expect((await ask({ userName: 'mia' }))[1].status).toBe('mfaNeeded')
  expect((await ask({ userName: 'mia', mfaCode: '000000' }))[0]).toBe(403)
  const mfaCode = codeAt(1)
  expect((await ask({ userName: 'mia', mfaCode }))[1].status).toBe('session')
  expect((await ask({ userName: 'mia', mfaCode }))[0]).toBe(403)
})

test('a password that is due is changed on the way in', async () => {
  await personMake('new', { PasswordResetRequired: true })
  expect((await ask({ userName: 'new' }))[1].status).toBe('newPasswordNeeded')
  const [status, answer] = await ask({ userName: 'new', newPassword: 'short' })
  expect([status, answer.error]).toEqual([403, 'Password should have a minimum length of 8'])
  const newPassword = 'Another-Horse-2'
  expect((await ask({ userName: 'new', newPassword }))[1].status).toBe('session')
  expect((await ask({ userName: 'new', password: newPassword }))[1].status).toBe('session')
  expect((await ask({ userName: 'new' }))[0]).toBe(403)
  const policy = { MaxPasswordAge: 30, MinimumPasswordLength: 8 }
  await iam.send(new UpdateAccountPasswordPolicyCommand(policy))
  ahead = 31 * DAY_MS
  expect((await ask({ userName: 'ada' }))[1].status).toBe('newPasswordNeeded')
  ahead = 0
  await iam.send(new UpdateAccountPasswordPolicyCommand({ ...policy, HardExpiry: true }))
  ahead = 31 * DAY_MS
  expect((await ask({ userName: 'ada' }))[1].error).toContain('contact your administrator')
})

test('the password policy lets users change their own, and a Deny still wins', async () => {
  const UserName = 'self'
  const credentials = await userMake(iam, UserName)
  await iam.send(new CreateLoginProfileCommand({ UserName, Password: PASSWORD }))
  const own = cloud.iamOf({ credentials })
  const change = (from: string, to: string) =>
    own.send(new ChangePasswordCommand({ OldPassword: from, NewPassword: to }))
  await iam.send(new UpdateAccountPasswordPolicyCommand({ AllowUsersToChangePassword: false }))
  expect((await failureOf(change(PASSWORD, 'Changed-Horse-3'))).code).toBe('AccessDenied')
  await iam.send(new UpdateAccountPasswordPolicyCommand({ AllowUsersToChangePassword: true }))
  await change(PASSWORD, 'Changed-Horse-3')
  const PolicyDocument = document({ Effect: 'Deny', Action: 'iam:ChangePassword', Resource: '*' })
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'no', PolicyDocument }))
  expect((await failureOf(change('Changed-Horse-3', 'Changed-Horse-4'))).message).toContain(
    'explicit deny',
  )
  await iam.send(new UpdateLoginProfileCommand({ UserName, Password: 'Given-Horse-5' }))
})

test('only JSON of the right form, and only POST', async () => {
  expect((await ask({ userName: 'ada' }, 'text/plain'))[0]).toBe(415)
  expect((await ask({ userName: 'ada', extra: 1 }))[0]).toBe(400)
  expect((await ask({}))[0]).toBe(400)
  expect((await fetch(url)).status).toBe(405)
})
