/**
 * What a decision costs: the engine alone for policies of several sizes, the whole gate with its reads of the store,
 * and for comparison the check of a request's signature; then how long refusals take for a key that is there and for
 * one that is not. In turns, so that other work on the host hits all alike.
 */
import { createHmac } from 'node:crypto'
import { awsManagedPolicies } from '../src/app/iam/aws-managed.ts'
import { keysFrom } from '../src/app/iam/context-keys.ts'
import { credentialsFind } from '../src/app/iam/sessions.ts'
import { authenticate } from '../src/aws/auth/authenticate.ts'
import { authorise } from '../src/aws/authorisation/authorise.ts'
import type { EdgeRequest } from '../src/aws/edge-request.ts'
import type { CommonValues } from '../src/cli/bench-arguments.ts'
import { during } from '../src/cli/ui/progress.ts'
import { parsePolicy } from '../src/domain/iam/document.ts'
import { decide, type PolicySet } from '../src/domain/iam/evaluate.ts'
import { startTestCloud, type TestCloud } from '../test/support/cloud.ts'
import { allow, deny, document, userMake } from '../test/support/iam.ts'
import { mustEnd } from './support/cleanup.ts'
import type { Measured } from './support/report.ts'
import { figure, median, pairedRatio } from './support/statistics.ts'

const ROUNDS = 15
const ROUNDS_QUICK = 3
const CALLS = 1_000
/** What the aim is for a common policy, microseconds. */
const AIM_US = 50

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

interface Subject {
  what: string
  call: () => unknown
}

const SIGNATURE = 'signature refused: wrong secret'
const UNKNOWN = 'signature refused: no such key'
const COMMON_POLICY = 'decide: common policy, 5 statements'

export async function iamBench(values: CommonValues): Promise<Measured> {
  const cloud = await startTestCloud({ mode: 'strict' })
  mustEnd(() => cloud.close())
  const subjects = [...(await signatures(cloud)), ...decisions(), await gate(cloud)]
  const rounds = values.quick ? ROUNDS_QUICK : ROUNDS
  const times = await during('Deciding', () => inTurns(subjects, rounds))
  return { report: reportOf(values, rounds, times), hypervisor: null }
}

type Times = Map<string, number[]>

/** Microseconds a call, of each round. */
async function inTurns(subjects: readonly Subject[], rounds: number): Promise<Times> {
  const times: Times = new Map(subjects.map(({ what }) => [what, []]))
  for (const { call } of subjects) await microseconds(call)
  for (let round = 0; round < rounds; round++) {
    for (const { what, call } of subjects) times.get(what)!.push(await microseconds(call))
  }
  return times
}

async function microseconds(call: () => unknown): Promise<number> {
  const at = performance.now()
  for (let n = 0; n < CALLS; n++) {
    const result = call()
    if (result instanceof Promise) await result
  }
  return ((performance.now() - at) * 1_000) / CALLS
}

async function signatures(cloud: TestCloud): Promise<Subject[]> {
  const keys = await userMake(cloud.iamOf(), 'ada', ...COMMON)
  const now = Date.now()
  const amzDate = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = `${amzDate.slice(0, 8)}/us-east-1/ec2/aws4_request`
  const signature = createHmac('sha256', 'x').update('y').digest('hex')
  const signed = 'SignedHeaders=content-type;host;x-amz-date'
  const requestOf = (accessKeyId: string) => ({
    method: 'POST',
    path: '/',
    query: [] as const,
    headers: {
      host: '127.0.0.1',
      'x-amz-date': amzDate,
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, ${signed}, Signature=${signature}`,
    },
    body: Buffer.from('Action=StopInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0'),
  })
  const options = {
    mode: 'strict' as const,
    credentialsOf: (id: string, token: string | undefined) => credentialsFind(cloud.app, id, token),
    now: () => now,
    defaultRegion: 'us-east-1',
  }
  const judge = (accessKeyId: string) =>
    authenticate(options, requestOf(accessKeyId), 'ec2', false).catch(() => undefined)
  return [
    { what: SIGNATURE, call: () => judge(keys.accessKeyId) },
    { what: UNKNOWN, call: () => judge('AKIANOBODYHASTHISKEY') },
  ]
}

function decisions(): Subject[] {
  const policy = (name: string, text: string) => ({ name, policy: parsePolicy(text, 'identity') })
  const common = policy('common', document(...COMMON))
  const deciding = (what: string, policies: PolicySet): Subject => ({
    what,
    call: () => decide(REQUEST, policies),
  })
  const managed = ['AmazonEC2FullAccess', 'ReadOnlyAccess'].map((name) => {
    const { document: text } = awsManagedPolicies().get(`arn:aws:iam::aws:policy/${name}`)!
    return deciding(`decide: ${name}`, { identity: [policy(name, text)] })
  })
  const limits = { boundary: common, organisation: [[common], [common]] }
  return [
    deciding(COMMON_POLICY, { identity: [common] }),
    deciding('decide: with boundary and two steps of SCPs', { identity: [common], ...limits }),
    ...managed,
    {
      what: 'parse: common policy (once, then kept)',
      call: () => parsePolicy(document(...COMMON), 'identity'),
    },
  ]
}

async function gate(cloud: TestCloud): Promise<Subject> {
  const keys = await userMake(cloud.iamOf(), 'bob', ...COMMON)
  const { account, principal } = (await credentialsFind(cloud.app, keys.accessKeyId, undefined))!
  const edge: EdgeRequest = {
    account,
    principal,
    service: 'ec2',
    operation: 'DescribeInstances',
    region: 'us-east-1',
    requestId: 'r',
    requestHash: 'h',
    sourceIp: '127.0.0.1',
  }
  const ctx = { ...edge, app: cloud.app }
  return {
    what: 'the gate: DescribeInstances, with the store',
    call: () => authorise(ctx, edge, {}),
  }
}

function reportOf(values: CommonValues, rounds: number, times: Times): Measured['report'] {
  const of = (what: string): number[] => times.get(what)!
  const rows = [...times].map(([what, list]) => ({
    what,
    us: median(list),
    ratio: pairedRatio(list, of(SIGNATURE)),
  }))
  const common = median(of(COMMON_POLICY))
  return {
    bench: 'iam',
    title: 'What it costs to decide whether a request may, beside the check of its signature',
    isQuick: values.quick,
    options: { rounds, calls: CALLS },
    ratios: [
      {
        name: 'decision : aim',
        value: common / AIM_US,
        note: `of ${AIM_US} µs for a common policy; below 1 is better`,
      },
      {
        name: 'decision : signature',
        value: pairedRatio(of(COMMON_POLICY), of(SIGNATURE)),
        note: 'of the time that the check of the signature takes',
      },
      {
        name: 'no such key : wrong secret',
        value: pairedRatio(of(UNKNOWN), of(SIGNATURE)),
        note: 'time of the refusals; 1 tells nothing',
      },
    ],
    columns: [
      { key: 'what', label: 'what' },
      { key: 'us', label: 'µs' },
      { key: 'ratio', label: 'of the signature' },
    ],
    rows,
    notes: ['one process, no network: what the server adds to a request'],
    chart: {
      title: 'What it costs to decide whether a request may',
      subtitle: 'Microseconds, logarithmic bars; less is better',
      unit: 'µs',
      isLogarithmic: true,
      rows: rows.map(({ what, us }) => ({
        label: what.replace(/^decide: /, ''),
        parts: [{ series: 'Brume', value: us }],
        note: `${figure(us)} µs`,
      })),
    },
  }
}
