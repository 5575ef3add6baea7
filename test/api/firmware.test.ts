/** Boot modes, TPM and UEFI variables through the SDK: what an image asks for, and what its machines get. */
import { readFile } from 'node:fs/promises'
import {
  CopyImageCommand,
  CreateImageCommand,
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  GetInstanceUefiDataCommand,
  RegisterImageCommand,
  type RegisterImageCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { uefiDataDecode, uefiDataEncode } from '../../src/aws/ec2/uefi-data.ts'
import { backupKit, instanceArn } from '../support/backup-kit.ts'
import { codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { describe as see, launch, running } from '../support/launch.ts'
import { soon } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())

const SNAPSHOT = 'snap-0123456789abcdef0'
const ROOT = { DeviceName: '/dev/xvda', Ebs: { SnapshotId: SNAPSHOT } }
const UEFI_DATA = uefiDataEncode([
  {
    name: 'PK',
    guid: '61dfe48bca93d211aa0d00e098032b8c',
    attributes: 0x27,
    data: Buffer.from('a key').toString('base64'),
    timestamp: 'e907031504052b000000000000000000',
  },
])
const register = async (Name: string, input: Partial<RegisterImageCommandInput> = {}) => {
  const defaults = { RootDeviceName: '/dev/xvda', BlockDeviceMappings: [ROOT] }
  const made = await cloud.ec2.send(new RegisterImageCommand({ Name, ...defaults, ...input }))
  return made.ImageId!
}
const image = async (id: string) =>
  (await cloud.ec2.send(new DescribeImagesCommand({ ImageIds: [id] }))).Images![0]!
const start = async (ImageId: string, InstanceType = 't3.micro') => {
  const wanted = { ImageId, InstanceType: InstanceType as 't3.micro' }
  return see(cloud.ec2, await running(cloud.ec2, wanted))
}

test('an image says how it boots, and its machines how they do', async () => {
  const uefi = await register('uefi', { BootMode: 'uefi', TpmSupport: 'v2.0', UefiData: UEFI_DATA })
  expect(await image(uefi)).toMatchObject({ BootMode: 'uefi', TpmSupport: 'v2.0' })
  const made = await start(uefi)
  expect(made).toMatchObject({
    BootMode: 'uefi',
    CurrentInstanceBootMode: 'uefi',
    TpmSupport: 'v2.0',
  })
  const spec = cloud.agent.specOf(made.InstanceId!)!
  expect(spec.firmware).toEqual({ mode: 'uefi', variables: uefiDataDecode(UEFI_DATA) })
  expect(spec.vm.hasTpm).toBe(true)
})

test('uefi-preferred is UEFI where the type has it, and BIOS elsewhere', async () => {
  const preferred = await register('preferred', { BootMode: 'uefi-preferred' })
  expect(await start(preferred)).toMatchObject({
    BootMode: 'uefi-preferred',
    CurrentInstanceBootMode: 'uefi',
  })
  expect(await start(preferred, 't2.micro')).toMatchObject({
    BootMode: 'uefi-preferred',
    CurrentInstanceBootMode: 'legacy-bios',
  })
  const bios = await start(await register('bios', { BootMode: 'legacy-bios' }))
  expect(bios).toMatchObject({ CurrentInstanceBootMode: 'legacy-bios' })
  expect(cloud.agent.specOf(bios.InstanceId!)!.firmware!.mode).toBe('legacy-bios')
})

test('types without UEFI or a TPM refuse images that need them', async () => {
  const uefi = await register('needs-uefi', { BootMode: 'uefi' })
  const launched = launch(cloud.ec2, { ImageId: uefi, InstanceType: 't2.micro' })
  expect(await codeOf(launched)).toBe('InvalidParameterCombination')
})

test('a TPM and variables are refused without UEFI, and variables that are none', async () => {
  const bios = { BootMode: 'legacy-bios' } as const
  expect(await codeOf(register('no-1', { ...bios, TpmSupport: 'v2.0' }))).toBe(
    'InvalidParameterCombination',
  )
  expect(await codeOf(register('no-2', { ...bios, UefiData: UEFI_DATA }))).toBe(
    'InvalidParameterCombination',
  )
  const error = await errorOf(register('no-3', { BootMode: 'uefi', UefiData: 'aGVsbG8=' }))
  expect([error.code, error.message]).toEqual([
    'InvalidParameterValue',
    expect.stringMatching(/UefiData/),
  ])
})

test('the variables of a machine are told, and go with its images and their copies', async () => {
  const uefi = await register('kept', { BootMode: 'uefi', UefiData: UEFI_DATA })
  const { InstanceId } = await start(uefi)
  const told = await cloud.ec2.send(new GetInstanceUefiDataCommand({ InstanceId }))
  expect(told).toMatchObject({ InstanceId, UefiData: UEFI_DATA })
  const { ImageId } = await cloud.ec2.send(
    new CreateImageCommand({ InstanceId, Name: 'of-it', NoReboot: true }),
  )
  expect(await image(ImageId!)).toMatchObject({ BootMode: 'uefi' })
  const SourceRegion = 'us-east-1'
  const copied = await cloud.ec2.send(
    new CopyImageCommand({ Name: 'copy', SourceImageId: ImageId, SourceRegion }),
  )
  const Attribute = 'uefiData'
  const command = new DescribeImageAttributeCommand({ ImageId: copied.ImageId, Attribute })
  expect((await cloud.ec2.send(command)).UefiData!.Value).toBe(UEFI_DATA)
})

test('a machine that boots with BIOS has no UEFI data', async () => {
  const { InstanceId } = await start(await register('plain', { BootMode: 'legacy-bios' }))
  const told = cloud.ec2.send(new GetInstanceUefiDataCommand({ InstanceId }))
  expect(await codeOf(told)).toBe('UnsupportedOperation')
})

test('OVMF’s own variables with Microsoft’s keys are taken as they are', async () => {
  const path = '/usr/share/OVMF/OVMF_VARS_4M.ms.fd'
  const flash = await readFile(path).catch(() => null)
  if (!flash) return
  const names = uefiDataDecode(flash.toString('base64')).map((one) => one.name)
  expect(names).toEqual(expect.arrayContaining(['PK', 'KEK', 'db']))
})

test('a restored machine has the TPM and the variables of its backup, and nobody else reads them', async () => {
  const kit = backupKit(() => cloud)
  await kit.vault('vault')
  const ofImage = { BootMode: 'uefi', TpmSupport: 'v2.0', UefiData: UEFI_DATA } as const
  const { InstanceId: id } = await start(await register('sealed', ofImage))
  const secret = Buffer.from('seeds and keys of this TPM').toString('base64')
  cloud.agent.tpms.set(id!, secret)
  const job = await soon(() => kit.backUp(instanceArn(id!), 'vault'))
  expect(job.StatusMessage).toBeUndefined()
  cloud.agent.tpms.set(id!, Buffer.from('cleared').toString('base64'))
  const restored = async (more: Record<string, string>) => {
    const made = await kit.restore('vault', job.RecoveryPointArn!, more)
    expect(made.StatusMessage).toBeUndefined()
    return made.CreatedResourceArn!.split('/')[1]!
  }
  const copy = await restored({})
  const spec = cloud.agent.specOf(copy)!
  expect(spec.vm.hasTpm).toBe(true)
  expect(spec.firmware).toMatchObject({ variables: uefiDataDecode(UEFI_DATA), tpmState: secret })
  const fresh = await restored({ 'brume:tpm': 'new' })
  expect(cloud.agent.specOf(fresh)!.firmware).not.toHaveProperty('tpmState')

  // More than a point's description may hold: its disks are backed up all the same.
  cloud.agent.tpms.set(fresh, 'A'.repeat(300_000))
  const large = await soon(() => kit.backUp(instanceArn(fresh), 'vault'))
  expect(large.StatusMessage).toMatch(/without .* the state of its TPM: they are too large/)

  const records = [
    ...(await cloud.app.store.list('instance', {})),
    ...(await cloud.app.store.list('backupPoint', {})),
    ...(await cloud.app.store.list('backupJob', {})),
  ]
  expect(JSON.stringify(records)).not.toContain(secret)
  // A backup of the copy has what the copy began with, and its manifest nothing that was sealed for a record.
  const again = await soon(() => kit.backUp(instanceArn(copy), 'vault'))
  const point = await cloud.app.store.get('backupPoint', again.RecoveryPointArn!.split(':').at(-1)!)
  expect(JSON.stringify(point)).not.toContain('sealedTpmState')
})
