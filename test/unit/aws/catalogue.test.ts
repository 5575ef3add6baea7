/** The tables that are written by hand against the models, and the generated pages against what generates them. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  renderCoverage,
  servedFilters,
  servedOperations,
} from '../../../scripts/generate-coverage.ts'
import { SERVICES, filtersOf, pageRulesOf } from '../../../scripts/generate-models.ts'
import { ec2Error } from '../../../src/aws/ec2/faults.ts'
import { MODELS_FOLDER, kebabCase, serviceModel } from '../../../src/aws/model.ts'
import type { ServiceName } from '../../../src/aws/model.ts'
import { operationFiles, operationsFromFiles } from '../../../src/aws/operation-files.ts'
import { SERVICE_ADDRESSES } from '../../../src/aws/route.ts'
import type { Fault } from '../../../src/domain/faults.ts'
import { ID_PREFIXES } from '../../../src/domain/id-prefixes.ts'
import type { ResourceKind } from '../../../src/domain/id-prefixes.ts'

const services = Object.keys(SERVICE_ADDRESSES) as ServiceName[]

describe('models', () => {
  it('are all there, with paginators and filters', () => {
    const files = readdirSync(MODELS_FOLDER).filter((file) => file !== 'VERSION.json')
    expect(files.sort()).toEqual([...SERVICES].map((service) => `${service}.json`).sort())
    expect([...services].sort()).toEqual([...SERVICES].sort())
    const ec2 = serviceModel('ec2')
    expect(Object.keys(ec2.operations).length).toBeGreaterThan(750)
    expect(ec2.filters.DescribeKeyPairs).toEqual([
      'fingerprint',
      'key-name',
      'key-pair-id',
      'tag-key',
      'tag:<key>',
    ])
    expect(ec2.paginators.DescribeInstances).toMatchObject({ limit_key: 'MaxResults' })
    expect(serviceModel('iam').paginators.ListUsers).toMatchObject({ input_token: 'Marker' })
    expect(JSON.stringify(ec2)).not.toContain('"documentation"')
  })

  it.each(services)('agree with the address of %s', (service) => {
    const { metadata } = serviceModel(service)
    const address = SERVICE_ADDRESSES[service]
    expect(address.signingName).toBe(metadata.signingName ?? metadata.endpointPrefix)
    if (address.version) expect(address.version).toBe(metadata.apiVersion)
    expect(address.target).toBe(metadata.targetPrefix)
    expect(address.rest ?? false).toBe(metadata.protocol === 'rest-json')
  })

  it('take filters and bounds from prose', () => {
    const prose =
      '<ul> <li> <p> <code>tag</code>:&lt;key&gt; - x</p> </li> <li> <p> <code>vpc-id</code> - y</p> </li>' +
      '<li><p>state - z (<code>up</code>)</p></li> <li> <p> <code>attachment.status</code> - w</p></li></ul>'
    expect(filtersOf(prose)).toEqual(['attachment.status', 'state', 'tag:<key>', 'vpc-id'])
    expect(
      pageRulesOf('This value can be between 5 and 1,000; if larger than 1,000, only 1,000'),
    ).toEqual({ min: 5, max: 1000, clamps: true })
  })
})

describe('operation files', () => {
  it.each(services)('of %s are named after operations and load', async (service) => {
    const names = Object.keys(serviceModel(service).operations).map(kebabCase)
    expect(operationFiles(service).filter((file) => !names.includes(file))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
    for (const name of servedOperations(service)) {
      const definition = await operationsFromFiles().load(service, name)
      expect(typeof definition.handle).toBe('function')
    }
  })

  it('are what the coverage page says', async () => {
    const page = join(import.meta.dirname, '../../../docs/aws-coverage.md')
    expect(readFileSync(page, 'utf8')).toBe(await renderCoverage())
  })

  it('count tag filters with tagsOf', () => {
    const definition = { tagsOf: () => ({}), handle: () => ({}) }
    expect(servedFilters(definition, ['tag:<key>', 'tag-key', 'vpc-id'])).toEqual([
      'tag:<key>',
      'tag-key',
    ])
  })
})

describe('EC2 faults', () => {
  const id = 'x-1'
  it.each<[Fault, string]>([
    [
      { type: 'NotFound', kind: 'instance', ids: ['i-1', 'i-2'] },
      "InvalidInstanceID.NotFound: The instance IDs 'i-1, i-2' do not exist",
    ],
    [
      { type: 'NotFound', kind: 'image', ids: ['ami-1'] },
      "InvalidAMIID.NotFound: The image id '[ami-1]' does not exist",
    ],
    [
      { type: 'NotFound', kind: 'securityGroup', ids: ['sg-1'] },
      "InvalidGroup.NotFound: The security group 'sg-1' does not exist",
    ],
    [
      { type: 'NotFound', kind: 'volume', ids: ['vol-1'] },
      "InvalidVolume.NotFound: The volume 'vol-1' does not exist",
    ],
    [
      { type: 'NotFound', kind: 'vpc', ids: ['vpc-1'] },
      "InvalidVpcID.NotFound: The vpc ID 'vpc-1' does not exist",
    ],
    [
      { type: 'NotFound', kind: 'keyPair', ids: ['k'] },
      "InvalidKeyPair.NotFound: The key pair 'k' does not exist",
    ],
    [
      { type: 'MalformedId', kind: 'instance', id },
      'InvalidInstanceID.Malformed: Invalid id: "x-1" (expecting "i-...")',
    ],
    [
      { type: 'MalformedId', kind: 'securityGroup', id },
      'InvalidGroupId.Malformed: Invalid id: "x-1" (expecting "sg-...")',
    ],
    [
      { type: 'Duplicate', kind: 'keyPair', name: 'k' },
      "InvalidKeyPair.Duplicate: The keypair 'k' already exists",
    ],
    [
      { type: 'IdempotencyMismatch', token: 't' },
      'IdempotentParameterMismatch: The client token you have provided is',
    ],
    [
      { type: 'CapacityShort', instanceType: 't3.micro', zone: 'us-east-1a', reason: 'no memory' },
      'InsufficientInstanceCapacity: We currently do not have sufficient t3.micro capacity in the Availability Zone you requested (us-east-1a). No memory.',
    ],
    [
      { type: 'TerminationProtected', instanceId: 'i-1', attribute: 'disableApiTermination' },
      "OperationNotPermitted: The instance 'i-1' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
    ],
    [
      {
        type: 'RuleDuplicate',
        groupId: 'sg-1',
        description: 'peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW',
      },
      'InvalidPermission.Duplicate: the specified rule "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW" already exists',
    ],
    [
      { type: 'InUse', kind: 'networkInterface', id: '10.0.0.5', by: 'subnet-1' },
      'InvalidIPAddress.InUse: Address 10.0.0.5 is in use',
    ],
    [
      { type: 'DependencyViolation', kind: 'vpc', id: 'vpc-1', dependents: ['subnet-1'] },
      "DependencyViolation: The vpc 'vpc-1' has dependencies and cannot be deleted: subnet-1.",
    ],
    [
      { type: 'IncorrectState', kind: 'instance', id: 'i-1', state: 'pending', operation: 'stop' },
      "IncorrectInstanceState: The instance 'i-1' is in the state 'pending'",
    ],
    [
      { type: 'Unauthorized', action: 'ec2:RunInstances', reason: '' },
      'UnauthorizedOperation: You are not authorized to perform this operation.',
    ],
  ])('%o', (fault, expected) => {
    const error = ec2Error(fault)
    expect(`${error.code}: ${error.message}`).toContain(expected)
  })

  it('have a code for every kind of resource', () => {
    for (const kind of Object.keys(ID_PREFIXES) as ResourceKind[]) {
      expect(ec2Error({ type: 'NotFound', kind, ids: ['x'] }).code).toMatch(
        /^(?:Invalid\w+\.(?:NotFound|Unknown)|NatGatewayNotFound)$/,
      )
      expect(ec2Error({ type: 'MalformedId', kind, id }).code).toMatch(/^Invalid|Malformed$/)
    }
  })
})
