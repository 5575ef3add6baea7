/**
 * A backup is worth what comes of it, with a real guest: a restore test boots it where it reaches nobody, and says so;
 * an instant restore runs while it is copied, and keeps what its guest writes when the daemon that serves it is killed;
 * and a cloud that has nothing but the vault's folder and its key brings it back. By Debian's awscli and ./brume.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BackupClient,
  CreateRestoreTestingPlanCommand,
  CreateRestoreTestingSelectionCommand,
  DeleteRestoreTestingPlanCommand,
  DeleteRestoreTestingSelectionCommand,
  ListRestoreJobsCommand,
  UpdateRestoreTestingPlanCommand,
  type RestoreTestingRecoveryPointSelection,
} from '@aws-sdk/client-backup'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from '../support/eventually.ts'
import { brume } from '../support/vm/cli.ts'
import { startDaemon, type Daemon } from '../support/vm/daemon.ts'
import { awsCli, json } from '../support/vm/gateway.ts'
import {
  createKey,
  describe,
  launch,
  openSsh,
  reach,
  ssh,
  sshWhenReady,
  terminate,
  type Key,
} from '../support/vm/guest.ts'

const MINUTE_MS = 60_000
const KEPT = 'dd if=/dev/urandom of=/var/kept bs=1M count=8 2>/dev/null; sync'
const DIGEST = 'sudo sha256sum /var/kept'

let daemon: Daemon
let folder: string
let key: Key
let point: string
let digest: string
let first: string
const aws = awsCli(() => daemon)
const role = (): string => `arn:aws:iam::${daemon.credentials.account}:role/backup`

async function keyKept(): Promise<void> {
  // The home goes with its daemon, and the key in it.
  const path = join(folder, 'key.pem')
  await cp(key.path, path)
  await exec('chmod', ['600', path])
  key = { ...key, path }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-return-'))
  daemon = await startDaemon()
  key = await createKey(daemon)
  await keyKept()
  await openSsh(daemon)
  const [made] = await launch(daemon, { KeyName: key.name })
  first = made!.InstanceId!
  const [running] = await reach(daemon, [first], 'running')
  const address = running!.PublicIpAddress!
  await sshWhenReady(key, address)
  await ssh(key, address, `sudo sh -c '${KEPT}'`)
  digest = await ssh(key, address, DIGEST)
  await aws('backup', 'create-backup-vault', '--backup-vault-name', 'vault')
  const { region, account } = daemon.credentials
  const { BackupJobId } = await aws(
    ...['backup', 'start-backup-job', '--backup-vault-name', 'vault', '--iam-role-arn', role()],
    ...['--resource-arn', `arn:aws:ec2:${region}:${account}:instance/${first}`],
  )
  const job = await eventually(
    () => aws('backup', 'describe-backup-job', '--backup-job-id', BackupJobId!),
    ({ State }) => State === 'COMPLETED' || State === 'FAILED',
    5 * MINUTE_MS,
  )
  expect(job['State'], job['StatusMessage']).toBe('COMPLETED')
  point = job['RecoveryPointArn']!
})
afterAll(async () => {
  await daemon?.end()
  await rm(folder, { recursive: true, force: true })
})

test(
  'a restore test boots the machine where it reaches nobody, reports and cleans up',
  { timeout: 15 * MINUTE_MS },
  async () => {
    // Debian's awscli is older than these operations.
    const { url: endpoint, credentials } = daemon
    const { region } = credentials
    const client = new BackupClient({ endpoint, region, credentials, maxAttempts: 1 })
    const RestoreTestingPlanName = 'tests'
    const RecoveryPointSelection: RestoreTestingRecoveryPointSelection = {
      Algorithm: 'LATEST_WITHIN_WINDOW',
      IncludeVaults: ['*'],
      RecoveryPointTypes: ['SNAPSHOT'],
    }
    const every = { ScheduleExpression: 'cron(* * * * ? *)', RecoveryPointSelection }
    await client.send(
      new CreateRestoreTestingPlanCommand({
        RestoreTestingPlan: { RestoreTestingPlanName, ...every },
      }),
    )
    const RestoreTestingSelectionName = 'machines'
    await client.send(
      new CreateRestoreTestingSelectionCommand({
        RestoreTestingPlanName,
        RestoreTestingSelection: {
          RestoreTestingSelectionName,
          IamRoleArn: role(),
          ProtectedResourceType: 'EC2',
          ProtectedResourceArns: ['*'],
          ValidationWindowHours: 1,
        },
      }),
    )
    const jobs = async () => (await client.send(new ListRestoreJobsCommand({}))).RestoreJobs!
    await eventually(jobs, (seen) => seen.length > 0, 3 * MINUTE_MS)
    // One will do; how long it stays is said by the selection.
    await client.send(
      new UpdateRestoreTestingPlanCommand({
        RestoreTestingPlanName,
        RestoreTestingPlan: { ScheduleExpression: 'cron(0 0 1 1 ? 2099)' },
      }),
    )
    const RestoreJobs = await eventually(
      jobs,
      (seen) =>
        seen.every(
          ({ Status, ValidationStatus = '' }) =>
            Status === 'FAILED' || ['SUCCESSFUL', 'FAILED'].includes(ValidationStatus),
        ),
      10 * MINUTE_MS,
    )
    for (const job of RestoreJobs) {
      expect(job, job.StatusMessage ?? job.ValidationStatusMessage).toMatchObject({
        Status: 'COMPLETED',
        ValidationStatus: 'SUCCESSFUL',
      })
    }
    const ids = RestoreJobs.map(({ CreatedResourceArn }) => CreatedResourceArn!.split('/')[1]!)
    const machines = await describe(daemon, ...ids)
    for (const { State, SecurityGroups, PrivateIpAddress } of machines) {
      expect(State!.Name).toBe('running')
      const { SecurityGroups: groups } = await aws<{
        SecurityGroups: { IpPermissions: object[]; IpPermissionsEgress: object[] }[]
      }>('ec2', 'describe-security-groups', '--group-ids', SecurityGroups![0]!.GroupId!)
      expect(groups).toMatchObject([{ IpPermissions: [], IpPermissionsEgress: [] }])
      // The machine that it was made of is its neighbour, and not let in.
      const [original] = await describe(daemon, first)
      const knock = `nc -w 3 ${PrivateIpAddress} 22 </dev/null >/dev/null 2>&1 && echo in || echo out`
      expect(await ssh(key, original!.PublicIpAddress!, knock)).toBe('out')
    }
    // Without its selection nobody wants to look any longer.
    await client.send(
      new DeleteRestoreTestingSelectionCommand({
        RestoreTestingPlanName,
        RestoreTestingSelectionName,
      }),
    )
    await eventually(
      jobs,
      (seen) => seen.every((one) => one.DeletionStatus === 'SUCCESSFUL'),
      5 * MINUTE_MS,
    )
    for (const { State } of await describe(daemon, ...ids)) expect(State!.Name).toBe('terminated')
    await client.send(new DeleteRestoreTestingPlanCommand({ RestoreTestingPlanName }))
    client.destroy()
  },
)

test(
  'an instant restore keeps what its guest writes when who serves it is killed',
  { timeout: 15 * MINUTE_MS },
  async () => {
    const of = ['--backup-vault-name', 'vault', '--recovery-point-arn', point]
    const { RestoreMetadata } = await aws<{ RestoreMetadata: Record<string, string> }>(
      ...['backup', 'get-recovery-point-restore-metadata', ...of],
    )
    const metadata = json({ ...RestoreMetadata, 'brume:instant': 'true' })
    const { RestoreJobId } = await aws(
      ...['backup', 'start-restore-job', '--recovery-point-arn', point, '--iam-role-arn', role()],
      ...['--metadata', metadata],
    )
    const job = () => aws('backup', 'describe-restore-job', '--restore-job-id', RestoreJobId!)
    const begun = await eventually(
      job,
      (seen) => Boolean(seen['CreatedResourceArn']),
      3 * MINUTE_MS,
    )
    const id = begun['CreatedResourceArn']!.split('/')[1]!
    const [running] = await reach(daemon, [id], 'running')
    const address = running!.PublicIpAddress!
    await sshWhenReady(key, address)
    const write =
      'head -c 1048576 /dev/urandom | sudo tee /var/after >/dev/null; sudo sync; sudo sha256sum /var/after'
    const after = await ssh(key, address, write)
    const wasCopying = (await job())['Status'] === 'RUNNING'
    await daemon.kill()
    await daemon.start()
    const done = await eventually(
      job,
      ({ Status }) => Status !== 'RUNNING' && Status !== 'PENDING',
      5 * MINUTE_MS,
    )
    expect(done['Status'], done['StatusMessage']).toBe('COMPLETED')
    expect(await ssh(key, address, DIGEST)).toBe(digest)
    expect(await ssh(key, address, 'sudo sha256sum /var/after')).toBe(after)
    console.warn(`killed while it was copied: ${wasCopying}`)
    await terminate(daemon, [id])
  },
)

test(
  'a cloud that is given the vault and its key alone brings the machine back',
  { timeout: 15 * MINUTE_MS },
  async () => {
    const keyFile = join(folder, 'vault.key')
    await brume(daemon, 'backup', 'key', 'export', 'vault', '--file', keyFile)
    const { region } = daemon.credentials
    const { vaultId } = await daemon.host.backup<{ vaultId: string }>('key', {
      vault: 'vault',
      region,
    })
    const saved = join(folder, 'vault')
    await cp(join(daemon.home, 'vaults', vaultId), saved, { recursive: true })
    await terminate(daemon, [first])
    await daemon.end()

    daemon = await startDaemon()
    await openSsh(daemon)
    expect(await brume(daemon, 'backup', 'list')).toBe('')
    const recovered = await brume(daemon, 'backup', 'recover', '--vault', saved, '--key', keyFile)
    expect(recovered).toContain('1 recovery points, 1 of them new here')
    const pointId = point.split(':').at(-1)!
    expect(await brume(daemon, 'backup', 'list')).toContain(pointId)
    // Of no vault that anybody named: of all.
    expect(await brume(daemon, 'backup', 'verify')).toContain('nothing is damaged')
    const made = await brume(daemon, 'backup', 'restore', pointId)
    const id = /i-[0-9a-f]{17}/.exec(made)![0]
    const [running] = await reach(daemon, [id], 'running')
    expect(await sshWhenReady(key, running!.PublicIpAddress!, DIGEST)).toBe(digest)
    await terminate(daemon, [id])
  },
)
