/**
 * Records that an older Brume wrote: a newer one starts with them, shows all of them by every operation that lists or
 * describes, and goes on with them. Each file in test/fixtures is what a cloud of its day held, taken down as it was
 * (kind → records; what was sealed was sealed with a key that is gone): add one when records change their shape, never
 * edit one.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Ec2 from '@aws-sdk/client-ec2'
import * as Iam from '@aws-sdk/client-iam'
import * as Kms from '@aws-sdk/client-kms'
import { servedOperations } from '../../scripts/generate-coverage.ts'
import type { StoredKind } from '../../src/domain/resource-types.ts'
import { systemClock } from '../../src/lib/time.ts'
import { errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')
const READS = /^(?:Describe|List|Get)/
/** In EC2's, IAM's and KMS's words. An operation that wants to be told what to read says something else. */
const OURS = /Internal|ServiceFailure|Unknown|TypeError/

type Records = Record<StoredKind, { id: string; createdAt: number }[]>

const files = (await readdir(FIXTURES)).filter((name) => name.startsWith('records-'))

describe.each(files)('%s', (file) => {
  let cloud: TestCloud
  let records: Records
  beforeAll(async () => {
    records = JSON.parse(await readFile(join(FIXTURES, file), 'utf8')) as Records
    // Minutes later, whenever that was: what has ended long ago would be gone.
    const written = Math.max(...records.instance.map(({ createdAt }) => createdAt))
    const since = Date.now() - written - 60_000
    cloud = await startTestCloud({
      clock: { ...systemClock, now: () => systemClock.now() - since },
      before: (store) =>
        store.transact(async (tx) => {
          for (const [kind, ones] of Object.entries(records)) {
            for (const one of ones) await tx.insert(kind as StoredKind, one as never)
          }
        }),
    })
  })
  afterAll(() => cloud?.close())

  test('whatever lists or describes answers', async () => {
    const clients = [
      { service: 'ec2', sdk: Ec2, client: cloud.ec2 },
      { service: 'iam', sdk: Iam, client: cloud.iamOf() },
      { service: 'kms', sdk: Kms, client: cloud.kmsOf() },
    ] as const
    const failures: string[] = []
    let shown = ''
    for (const { service, sdk, client } of clients) {
      for (const operation of servedOperations(service).filter((name) => READS.test(name))) {
        const Command = (sdk as never as Record<string, new (input: object) => never>)[
          `${operation}Command`
        ]!
        try {
          const answer: unknown = await (client as Ec2.EC2Client).send(new Command({}))
          shown += JSON.stringify(answer)
        } catch (error) {
          const { name, message } = error as Error
          if (OURS.test(name)) failures.push(`${operation}: ${name}: ${message}`)
        }
      }
    }
    expect(failures).toEqual([])
    const listed: StoredKind[] = [
      'instance',
      'volume',
      'image',
      'vpc',
      'subnet',
      'routeTable',
      'internetGateway',
      'securityGroup',
      'networkAcl',
      'dhcpOptions',
      'networkInterface',
      'natGateway',
      'launchTemplate',
      'placementGroup',
      'prefixList',
      'vpcPeering',
      'elasticAddress',
      'keyPair',
      'kmsKey',
      'iamUser',
      'iamRole',
      'iamGroup',
      'iamPolicy',
      'iamInstanceProfile',
    ]
    for (const kind of listed) {
      for (const { id } of records[kind] ?? []) expect(shown, `${kind} ${id}`).toContain(id)
    }
  })

  test('each one by its id, and every attribute of machines, volumes, interfaces and VPCs', async () => {
    const { ec2 } = cloud
    for (const { id } of records.instance) {
      const { Reservations } = await ec2.describeInstances({ InstanceIds: [id] })
      expect(Reservations![0]!.Instances![0]!.InstanceId).toBe(id)
      for (const Attribute of Object.values(Ec2.InstanceAttributeName)) {
        await ec2.describeInstanceAttribute({ InstanceId: id, Attribute }).catch((error: Error) => {
          expect(`${Attribute} ${error.name}`).toMatch(
            /Unsupported|InvalidParameter|IncorrectState/,
          )
        })
      }
    }
    for (const { id: VpcId } of records.vpc) {
      for (const Attribute of ['enableDnsSupport', 'enableDnsHostnames'] as const) {
        await ec2.describeVpcAttribute({ VpcId, Attribute })
      }
    }
    for (const { id } of records.networkInterface) {
      for (const Attribute of ['attachment', 'description', 'groupSet', 'sourceDestCheck'] as const)
        await ec2.describeNetworkInterfaceAttribute({ NetworkInterfaceId: id, Attribute })
    }
  })

  test('life goes on: machines start, stop and end, and all of it can be deleted', async () => {
    const { ec2 } = cloud
    const stateOf = async (id: string) =>
      (await ec2.describeInstances({ InstanceIds: [id] })).Reservations![0]!.Instances![0]!.State!
        .Name
    for (const { id } of records.instance) {
      const state = await stateOf(id)
      if (state === 'stopped') {
        await ec2.startInstances({ InstanceIds: [id] })
        await Ec2.waitUntilInstanceRunning(
          { client: ec2, maxWaitTime: 15, minDelay: 0.05, maxDelay: 0.1 } as never,
          { InstanceIds: [id] },
        )
      }
    }
    const InstanceIds = records.instance.map(({ id }) => id)
    await ec2.terminateInstances({ InstanceIds })
    await Ec2.waitUntilInstanceTerminated(
      { client: ec2, maxWaitTime: 15, minDelay: 0.05, maxDelay: 0.1 } as never,
      { InstanceIds },
    )
    await expect(
      errorOf(ec2.startInstances({ InstanceIds: InstanceIds.slice(0, 1) })),
    ).resolves.toMatchObject({ code: 'IncorrectInstanceState' })
    for (const { id } of records.volume) {
      await ec2
        .deleteVolume({ VolumeId: id })
        .catch((error: Error) => expect(error.name).toMatch(/NotFound/))
    }
  })
})
