/**
 * Our codecs against the official SDK's, for every operation that both know: what the SDK serialises we read as
 * the same input, what we write the SDK reads as the same output. No network: the SDK's HTTP handler is
 * replaced.
 */
import { Readable } from 'node:stream'
import * as ec2 from '@aws-sdk/client-ec2'
import * as ssm from '@aws-sdk/client-ssm'
import * as sts from '@aws-sdk/client-sts'
import { describe, expect, it } from 'vitest'
import { serviceModel } from '../../../src/aws/model.ts'
import type { Protocol, ServiceName } from '../../../src/aws/model.ts'
import { successAnswer } from '../../../src/aws/protocol/answers.ts'
import type { Answer } from '../../../src/aws/protocol/answers.ts'
import { jsonCodec } from '../../../src/aws/protocol/json-codec.ts'
import { parseForm, queryDecoder } from '../../../src/aws/protocol/query-decode.ts'
import type { Findings } from '../../../src/aws/protocol/constraints.ts'
import { plain, sampleOf } from './sample.ts'

interface Sent {
  body: string | Uint8Array
  headers: Record<string, string>
}

interface Client {
  send(command: unknown): Promise<Record<string, unknown>>
}
type Package = Record<string, new (options: object) => unknown>

function clientOf(module: Package, name: string, answer: () => Answer, sent: Sent[]): Client {
  return new module[name]!({
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: Sent) => {
        sent.push(request)
        const { status, headers, body } = answer()
        return { response: { statusCode: status, headers, body: Readable.from(body) } }
      },
    },
  }) as Client
}

function decodeSent(
  service: ServiceName,
  protocol: Protocol,
  operation: string,
  sent: Sent,
): unknown {
  const findings: Findings = { path: [], violations: [] }
  const reference = serviceModel(service).operations[operation]!.input
  const body = Buffer.from(sent.body as string).toString('utf8')
  const value =
    protocol === 'json'
      ? reference && jsonCodec(service, reference).decode(JSON.parse(body), findings)
      : queryDecoder(
          service,
          operation,
          protocol as 'ec2',
        )(parseForm(new URLSearchParams(body)), findings)
  // The samples do not try to satisfy regular expressions.
  expect(findings.violations.filter(({ type }) => type !== 'pattern' && type !== 'length')).toEqual(
    [],
  )
  return value
}

/** The SDK's middleware fills these in for copies between regions. */
function withoutPresigned(input: unknown): unknown {
  const members = input as Record<string, unknown>
  if (members.PresignedUrl === undefined) return input
  return { ...members, PresignedUrl: '', DestinationRegion: '' }
}

const CASES: [ServiceName, Protocol, Package, string][] = [
  ['ec2', 'ec2', ec2 as unknown as Package, 'EC2Client'],
  ['sts', 'query', sts as unknown as Package, 'STSClient'],
  ['ssm', 'json', ssm as unknown as Package, 'SSMClient'],
]

describe.each(CASES)('%s', (service, protocol, module, clientName) => {
  const model = serviceModel(service)
  const names = Object.keys(model.operations).filter((name) => `${name}Command` in module)

  it('knows nearly all operations of the SDK', () => {
    expect(names.length).toBeGreaterThan(Object.keys(model.operations).length * 0.98)
  })

  it('reads what the SDK writes and writes what the SDK reads', { timeout: 60_000 }, async () => {
    const sent: Sent[] = []
    let answer: Answer
    const client = clientOf(module, clientName, () => answer, sent)
    for (const operation of names) {
      const { input, output } = model.operations[operation]!
      const given = (input ? sampleOf(service, input) : {}) as object
      const returned = (output ? sampleOf(service, output) : {}) as Record<string, unknown>
      answer = successAnswer({ service, protocol, operation }, returned, 'request-id')
      const received = await client.send(new module[`${operation}Command`]!(given))
      const decoded = decodeSent(service, protocol, operation, sent.at(-1)!)
      const [ours, theirs] = [decoded ?? {}, given].map((value) => withoutPresigned(plain(value)))
      expect({ operation, input: ours }).toEqual({ operation, input: theirs })
      expect({ operation, output: plain(received) }).toEqual({ operation, output: plain(returned) })
    }
  })
})
