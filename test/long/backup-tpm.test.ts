/**
 * What a machine keeps beside its disks comes back with them: Debian under UEFI with a TPM is backed up, goes, and is
 * restored; what its TPM derives from its seed is the same, and a variable that its guest wrote is there.
 */
import {
  BackupClient,
  CreateBackupVaultCommand,
  DescribeBackupJobCommand,
  DescribeRestoreJobCommand,
  GetRecoveryPointRestoreMetadataCommand,
  StartBackupJobCommand,
  StartRestoreJobCommand,
} from '@aws-sdk/client-backup'
import { DescribeImagesCommand, RegisterImageCommand } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { describe, launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const MINUTE_MS = 60_000
/** Debian in emulation, on a busy host. */
const DEBIAN_TIMEOUT_MS = 15 * MINUTE_MS
const use = useDaemon({ images: ['debian-12'] })

/** TPM2_CreatePrimary of a P-256 storage key, owner's hierarchy, no authorisation: the same seed, the same key. */
const PARAMETERS = [
  ...['40000001', '00000009', '40000009', '0000', '00', '0000'],
  ...['0004', '0000', '0000'],
  ...['001a', '0023', '000b', '00030472', '0000', '0006', '0080', '0043', '0010', '0003', '0010'],
  ...['0000', '0000', '0000', '00000000'],
].join('')
const COMMAND = `8002${(10 + PARAMETERS.length / 2).toString(16).padStart(8, '0')}00000131${PARAMETERS}`
const escaped = COMMAND.replaceAll(/../g, (byte) => `\\x${byte}`)
/** The answer: header, handle, size of parameters, then the public area with its size. */
const ANSWER_FROM = 10 + 4 + 4
const PUBLIC_BYTES = 2 + 0x1a + 64
const PRIMARY_KEY = [
  `printf '${escaped}' >/tmp/command`,
  'exec 3<>/dev/tpmrm0',
  'cat /tmp/command >&3',
  `dd bs=4096 count=1 <&3 2>/dev/null | od -An -v -tx1 -j${ANSWER_FROM} -N${PUBLIC_BYTES} | tr -d " \\n"`,
].join('; ')
const asRoot = (script: string): string => `sudo bash -c ${JSON.stringify(script)}`
const VARIABLE = '/sys/firmware/efi/efivars/BrumeKept-61dfe48b-ca93-d211-aa0d-00e098032b8c'

async function secureImage(): Promise<string> {
  const { ec2, host } = use.daemon
  const { imageId } = (await host.images()).find(({ name }) => name === 'debian-12')!
  const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [imageId!] }))
  const { RootDeviceName, BlockDeviceMappings } = Images![0]!
  const { SnapshotId } = BlockDeviceMappings![0]!.Ebs!
  const disks = [{ DeviceName: RootDeviceName, Ebs: { SnapshotId } }]
  const own = { Name: 'with-tpm', BootMode: 'uefi', TpmSupport: 'v2.0' } as const
  const command = { ...own, RootDeviceName, BlockDeviceMappings: disks }
  return (await ec2.send(new RegisterImageCommand(command))).ImageId!
}

test(
  'a machine comes back with its TPM and its variables',
  { timeout: 40 * MINUTE_MS },
  async () => {
    const { daemon, key } = use
    const { url: endpoint, credentials } = daemon
    const { region, account } = credentials
    const backup = new BackupClient({ endpoint, region, credentials, maxAttempts: 1 })
    const admin = { ...key, user: 'admin' }
    const CpuOptions = { CoreCount: 1, ThreadsPerCore: 1 }
    const ofLaunch = { InstanceType: 't3.small', CpuOptions, KeyName: key.name } as const
    const [made] = await launch(daemon, { ...ofLaunch, ImageId: await secureImage() })
    const first = made!.InstanceId!
    const [running] = await reach(daemon, [first], 'running')
    const address = running!.PublicIpAddress!
    const primary = await sshWhenReady(admin, address, asRoot(PRIMARY_KEY), DEBIAN_TIMEOUT_MS)
    expect(primary).toMatch(/^005a0023000b00030472/)
    // Firmware that guards its variables from the guest's kernel is slow in emulation.
    const slow = { timeoutMs: 5 * MINUTE_MS }
    const write = `printf '\\x07\\x00\\x00\\x00kept' >${VARIABLE}`
    await ssh(admin, address, asRoot(write), slow)

    const BackupVaultName = 'vault'
    await backup.send(new CreateBackupVaultCommand({ BackupVaultName }))
    const IamRoleArn = `arn:aws:iam::${account}:role/backup`
    const ResourceArn = `arn:aws:ec2:${region}:${account}:instance/${first}`
    const asked = { BackupVaultName, ResourceArn, IamRoleArn }
    const { BackupJobId } = await backup.send(new StartBackupJobCommand(asked))
    const job = await eventually(
      () => backup.send(new DescribeBackupJobCommand({ BackupJobId })),
      ({ State }) => State === 'COMPLETED' || State === 'FAILED',
      5 * MINUTE_MS,
    )
    expect([job.State, job.StatusMessage]).toEqual(['COMPLETED', undefined])
    await terminate(daemon, [first])

    const { RecoveryPointArn } = job
    const { RestoreMetadata: Metadata } = await backup.send(
      new GetRecoveryPointRestoreMetadataCommand({ BackupVaultName, RecoveryPointArn }),
    )
    const wanted = { RecoveryPointArn, Metadata, IamRoleArn }
    const { RestoreJobId } = await backup.send(new StartRestoreJobCommand(wanted))
    const restored = await eventually(
      () => backup.send(new DescribeRestoreJobCommand({ RestoreJobId })),
      ({ Status }) => Status === 'COMPLETED' || Status === 'FAILED',
      10 * MINUTE_MS,
    )
    expect(restored.Status, restored.StatusMessage).toBe('COMPLETED')
    const second = restored.CreatedResourceArn!.split('/')[1]!
    const [again] = await describe(daemon, second)
    const there = again!.PublicIpAddress!
    expect(await sshWhenReady(admin, there, asRoot(PRIMARY_KEY), DEBIAN_TIMEOUT_MS)).toBe(primary)
    expect(await ssh(admin, there, asRoot(`tail -c 4 ${VARIABLE}`), slow)).toBe('kept')
    await terminate(daemon, [second])
    backup.destroy()
  },
)
