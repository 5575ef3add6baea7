/**
 * What a decision costs: the engine alone for policies of several sizes, the whole gate with its reads of the store,
 * and for comparison the check of the request's signature; then how long refusals take for a key that is there and for
 * one that is not. Ratios are to the signature of the same run. Prints a table and one JSON line. `node bench/iam.ts`
 */
import { createHmac } from 'node:crypto'
import { GetPolicyVersionCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { credentialsFind } from '../src/app/iam/sessions.ts'
import { keysFrom } from '../src/app/iam/context-keys.ts'
import { authenticate } from '../src/aws/auth/authenticate.ts'
import { authorise } from '../src/aws/authorisation/authorise.ts'
import type { EdgeRequest } from '../src/aws/dispatch.ts'
import { parsePolicy } from '../src/domain/iam/document.ts'
import { decide } from '../src/domain/iam/evaluate.ts'
import { startTestCloud } from '../test/support/cloud.ts'
import { allow, deny, document, userMake } from '../test/support/iam.ts'

const ROUNDS = 15
const CALLS = 2_000

/** Median of the rounds, each the mean of its calls. */
async function microseconds(call: () => unknown, calls = CALLS): Promise<number> {
  for (let n = 0; n < calls; n++) await call()
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const at = performance.now()
    for (let n = 0; n < calls; n++) {
      const result = call()
      if (result instanceof Promise) await result
    }
    rounds.push(((performance.now() - at) * 1_000) / calls)
  }
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1]!
}

/** As people write them: some reading, some launching under conditions, a Deny. */
const COMMON = [
  allow('ec2:Describe*'),
  allow('ec2:RunInstances', [
    'arn:aws:ec2:*::image/ami-*',
    'arn:aws:ec2:*:*:subnet/*',
    'arn:aws:ec2:*:*:network-interface/*',
    'arn:aws:ec2:*:*:security-group/*',
    'arn:aws:ec2:*:*:key-pair/*',
    'arn:aws:ec2:*:*:volume/*',
  ]),
  allow('ec2:RunInstances', 'arn:aws:ec2:*:*:instance/*', {
    StringEquals: { 'ec2:InstanceType': ['t3.nano', 't3.micro', 't3.small'] },
    'ForAllValues:StringEquals': { 'aws:TagKeys': ['team', 'Name'] },
  }),
  allow(['ec2:StartInstances', 'ec2:StopInstances', 'ec2:TerminateInstances'], '*', {
    StringEquals: { 'aws:ResourceTag/owner': '${aws:username}' },
  }),
  deny('*', '*', { StringNotEquals: { 'aws:RequestedRegion': ['us-east-1', 'eu-west-1'] } }),
]

const REQUEST = {
  action: 'ec2:StopInstances',
  resource: 'arn:aws:ec2:us-east-1:111122223333:instance/i-0123456789abcdef0',
  keys: keysFrom({
    'aws:username': 'ada',
    'aws:RequestedRegion': 'us-east-1',
    'aws:ResourceTag/owner': 'ada',
    'aws:SourceIp': '127.0.0.1',
    'aws:CurrentTime': new Date().toISOString(),
    'ec2:InstanceType': 't3.nano',
  }),
}

await using cloud = await startTestCloud({ mode: 'strict' })
const iam = cloud.iamOf()
const rows: { what: string; us: number }[] = []
const note = (what: string, us: number) => rows.push({ what, us: Number(us.toFixed(2)) })

const secret = 'a-secret/for+tests'
const body = 'Action=StopInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0'
const now = Date.now()
const amzDate = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '')
const requestOf = (accessKeyId: string) => ({
  method: 'POST',
  path: '/',
  query: [] as const,
  headers: {
    host: '127.0.0.1',
    'x-amz-date': amzDate,
    'content-type': 'application/x-www-form-urlencoded',
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${amzDate.slice(0, 8)}/us-east-1/ec2/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=${createHmac('sha256', 'x').update('y').digest('hex')}`,
  },
  body: Buffer.from(body),
})
const keys = await userMake(iam, 'ada', ...COMMON)
const found = (await credentialsFind(cloud.app, keys.accessKeyId, undefined))!
const judge = (accessKeyId: string) => {
  const options = {
    mode: 'strict' as const,
    credentialsOf: (id: string, token: string | undefined) => credentialsFind(cloud.app, id, token),
    now: () => now,
    defaultRegion: 'us-east-1',
  }
  return authenticate(options, requestOf(accessKeyId), 'ec2', false).catch(() => secret)
}
const wrongSecret = await microseconds(() => judge(keys.accessKeyId), 500)
note('signature refused: wrong secret', wrongSecret)
const unknownKey = await microseconds(() => judge('AKIANOBODYHASTHISKEY'), 500)
note('signature refused: no such key', unknownKey)

const policy = (name: string, text: string) => ({ name, policy: parsePolicy(text, 'identity') })
const common = policy('common', document(...COMMON))
const commonUs = await microseconds(() => decide(REQUEST, { identity: [common] }))
note('decide: common policy, 5 statements', commonUs)
const bounded = { identity: [common], boundary: common, organisation: [[common], [common]] }
note(
  'decide: with boundary and two steps of SCPs',
  await microseconds(() => decide(REQUEST, bounded)),
)
for (const name of ['AmazonEC2FullAccess', 'ReadOnlyAccess']) {
  const PolicyArn = `arn:aws:iam::aws:policy/${name}`
  const VersionId = [...Array(400).keys()].map((n) => `v${400 - n}`)
  let text: string | undefined
  for (const id of VersionId) {
    const answer = iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: id }))
    text = (await answer.catch(() => undefined))?.PolicyVersion?.Document
    if (text) break
  }
  const large = policy(name, decodeURIComponent(text!))
  note(`decide: ${name}`, await microseconds(() => decide(REQUEST, { identity: [large] })))
}
note(
  'parse: common policy (once, then cached)',
  await microseconds(() => parsePolicy(document(...COMMON), 'identity')),
)

const edge: EdgeRequest = {
  account: found.account,
  principal: found.principal,
  service: 'ec2',
  operation: 'DescribeInstances',
  region: 'us-east-1',
  requestId: 'r',
  requestHash: 'h',
  sourceIp: '127.0.0.1',
}
const gate = await microseconds(() => authorise({ ...edge, app: cloud.app }, edge, {}), 500)
note('the whole gate: DescribeInstances, with the store', gate)
await iam.send(
  new PutUserPolicyCommand({
    UserName: 'ada',
    PolicyName: 'own',
    PolicyDocument: document(allow('*')),
  }),
)

const table = rows.map((row) => ({ ...row, ratio: Number((row.us / wrongSecret).toFixed(3)) }))
console.table(table)
console.log(
  JSON.stringify({
    bench: 'iam',
    rows: table,
    isUnder50us: commonUs < 50,
    unknownToWrong: Number((unknownKey / wrongSecret).toFixed(2)),
  }),
)
