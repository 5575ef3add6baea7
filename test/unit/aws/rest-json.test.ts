/** rest-json: labels, queries, headers and payloads, decoded and encoded by the model. */
import { describe, expect, it } from 'vitest'
import { serviceModel } from '../../../src/aws/model.ts'
import type { ServiceName } from '../../../src/aws/model.ts'
import { decodeRest, encodeRest, matchRest } from '../../../src/aws/protocol/rest-json.ts'
import type { RestRequest } from '../../../src/aws/protocol/rest-json.ts'
import type { Findings } from '../../../src/aws/protocol/constraints.ts'
import { plain, sampleOf } from './sample.ts'

function request(method: string, target: string, body = '', headers = {}): RestRequest {
  const [path = '/', query = ''] = target.split('?')
  return { method, path, query: [...new URLSearchParams(query)], headers, body: Buffer.from(body) }
}

function decode(service: ServiceName, given: RestRequest): unknown {
  const match = matchRest(service, given)
  if (match === undefined) return undefined
  const findings: Findings = { path: [], violations: [] }
  const input = decodeRest(service, match, given, findings)
  return { operation: match.operation, input, violations: findings.violations }
}

describe('rest-json', () => {
  it('finds operations with and without a trailing slash', () => {
    for (const path of ['/backup-vaults', '/backup-vaults/']) {
      expect(decode('backup', request('GET', `${path}?maxResults=5&shared=true`))).toEqual({
        operation: 'ListBackupVaults',
        input: { MaxResults: 5, ByShared: true },
        violations: [],
      })
    }
    expect(decode('backup', request('GET', '/nowhere'))).toBeUndefined()
  })

  it('reads escaped labels', () => {
    const arn = 'arn:aws:ec2:us-east-1::snapshot/snap-1'
    const path = `/backup-vaults/Default/recovery-points/${encodeURIComponent(arn)}`
    expect(decode('backup', request('GET', path))).toMatchObject({
      operation: 'DescribeRecoveryPoint',
      input: { BackupVaultName: 'Default', RecoveryPointArn: arn },
    })
  })

  it('reads bodies, headers and bytes', () => {
    const put = decode(
      'ebs',
      request('PUT', '/snapshots/snap-0123456789abcdef0/blocks/7', 'bytes', {
        'x-amz-data-length': '5',
        'x-amz-checksum': 'sum',
        'x-amz-checksum-algorithm': 'SHA256',
      }),
    )
    expect(put).toMatchObject({
      operation: 'PutSnapshotBlock',
      input: { BlockIndex: 7, DataLength: 5, BlockData: Buffer.from('bytes') },
    })
  })

  it('reports what is missing or wrong', () => {
    expect(decode('backup', request('PUT', '/backup/plans/', '{}'))).toMatchObject({
      violations: [{ type: 'missing', path: 'backupPlan' }],
    })
    expect(decode('backup', request('GET', '/backup-vaults?maxResults=many'))).toMatchObject({
      violations: [{ type: 'kind', path: 'maxResults' }],
    })
  })

  it('puts headers, status and bytes where the model says', () => {
    const answer = encodeRest('ebs', 'GetSnapshotBlock', {
      DataLength: 3,
      Checksum: 'abc',
      BlockData: Buffer.from('xyz'),
    })
    expect(answer.headers).toMatchObject({ 'x-amz-data-length': '3', 'x-amz-checksum': 'abc' })
    expect(answer.body.toString()).toBe('xyz')
  })

  it.each(['backup', 'ebs', 'rbin'] as const)(
    'finds every operation of %s by its own path',
    (service) => {
      const { operations, shapes } = serviceModel(service)
      for (const [operation, { http, input }] of Object.entries(operations)) {
        const members = Object.entries((input && shapes[input.shape]?.members) ?? {})
        const sample = (input ? sampleOf(service, input) : {}) as Record<string, unknown>
        const path = http.requestUri.replace(/\{(\w+)\+?\}/g, (_, label: string) => {
          const name = members.find(([key, member]) => (member.locationName ?? key) === label)![0]
          return encodeURIComponent(String(sample[name]))
        })
        expect(matchRest(service, request(http.method, path))?.operation).toBe(operation)
        const uri = members.filter(([, member]) => member.location === 'uri').map(([name]) => name)
        const decoded = decode(service, request(http.method, path)) as {
          input: Record<string, unknown>
        }
        for (const name of uri) expect(plain(decoded.input[name])).toEqual(plain(sample[name]))
      }
    },
  )
})
