/**
 * Restore metadata is a user's text, JSON within strings: whatever it is, a restore is begun or refused in words, and
 * never an error of ours. Each restore asks for something that cannot be as well, so that none begins.
 */
import { StartRestoreJobCommand } from '@aws-sdk/client-backup'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backupKit, instanceArn, ROLE, volumeArn } from '../support/backup-kit.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { eventually } from '../support/eventually.ts'
import { hypervisorMake, listed, machinesOf, stateIs } from '../support/gateway.ts'
import { running } from '../support/launch.ts'
import { volumeKit } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeEach(async () => {
  cloud = await startTestCloud({ settings: { hypervisorLookMs: 100 } })
})
afterEach(() => cloud.close())
const kit = backupKit(() => cloud)

const TEXTS = [
  ...['', 'x', 'true', '-1', '0', '1e999', '99999999999999999999', 'null', '"text"', '\u0000'],
  ...['[]', '[null]', '[1]', '["x"]', '[{}]', '[[1]]', '{}', '{"a":1}', '['.repeat(5_000)],
  ...['[{"Groups":"x"}]', '[{"Groups":[1]}]', '[{"SubnetId":1}]', '[{"DeviceIndex":"x"}]'],
  ...['[{"DeviceIndex":-1},{"DeviceIndex":1e9}]', '[{"PrivateIpAddress":{}}]', '[{"DiskId":{}}]'],
  ...['{"AvailabilityZone":{}}', '{"AvailabilityZone":[],"Tenancy":1}', '{"CpuCredits":{}}'],
  ...['{"CoreCount":"x","ThreadsPerCore":[]}', '{"CoreCount":-1,"ThreadsPerCore":1e9}'],
  ...['{"State":{}}', '{"__proto__":{"x":1}}', '../../etc/passwd', 'a'.repeat(20_000)],
]

/** Every key with every text, beside what cannot be. */
async function refusedInWords(
  vaultName: string,
  point: string,
  impossible: Record<string, string>,
): Promise<void> {
  const offered = await kit.metadata(vaultName, point)
  const keys = [...Object.keys(offered), ...MORE_KEYS]
  for (const key of new Set(keys)) {
    if (key in impossible) continue
    for (const text of TEXTS) {
      const Metadata = { ...offered, ...impossible, [key]: text }
      const asked = { RecoveryPointArn: point, Metadata, IamRoleArn: ROLE }
      const name = await nameOf(kit.client().send(new StartRestoreJobCommand(asked)))
      const isInWords = /^(?:Invalid|Missing|ResourceNotFound|NoSuchEntity|AccessDenied)/.test(name)
      expect(isInWords, `${key} = ${text.slice(0, 60)}: ${name}`).toBe(true)
    }
  }
}

const MORE_KEYS = [
  ...['NetworkInterfaces', 'UserData', 'KeyName', 'CreditSpecification', 'brume:tpm', 'KmsKeyId'],
  ...['IamInstanceProfileName', 'ItemsToRestore', 'AvailabilityZone', 'EbsVolumeType', 'iops'],
  ...['throughput', 'kmsKeyId', 'RestoreTo', 'VMDatastore', 'Unheard'],
]
const TIMEOUT_MS = 120_000

test('of an instance', { timeout: TIMEOUT_MS }, async () => {
  await kit.vault('vault')
  const job = await kit.backUp(instanceArn(await running(cloud.ec2)), 'vault')
  await refusedInWords('vault', job.RecoveryPointArn!, { InstanceType: 'none.such' })
})

test('of a volume', { timeout: TIMEOUT_MS }, async () => {
  await kit.vault('vault')
  const job = await kit.backUp(volumeArn(await volumeKit(() => cloud).volume()), 'vault')
  await refusedInWords('vault', job.RecoveryPointArn!, { volumeSize: '99999999' })
})

test('of a machine of another hypervisor', { timeout: TIMEOUT_MS }, async () => {
  const client = cloud.gatewayOf()
  const disks = new Map([['uuid-of-web', Buffer.alloc(4096, 1)]])
  cloud.agent.hypervisors.set('qemu:///system', {
    password: null,
    machines: [listed('web')],
    disks,
  })
  const { hypervisorArn } = await hypervisorMake(cloud, client)
  await stateIs(client, hypervisorArn, 'ONLINE')
  const [machine] = await eventually(
    () => machinesOf(client, hypervisorArn),
    (all) => all.length === 1,
  )
  await kit.vault('vault')
  const job = await kit.backUp(machine!.ResourceArn!, 'vault')
  const point = job.RecoveryPointArn!
  await refusedInWords('vault', point, { VMName: 'a/b' })
  await refusedInWords('vault', point, { RestoreTo: 'EC2Instance', InstanceType: 'none.such' })
  await refusedInWords('vault', point, { RestoreTo: 'EBSVolume', EbsVolumeType: 'none' })
})
