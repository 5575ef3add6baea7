/**
 * One plan, every minute, over machines of two hypervisors: an instance of this Brume and a guest of a real libvirtd,
 * chosen by one tag. Both guests write to two disks all the while. Debian's awscli makes and shows it all; what is
 * restored on each boots, has its file as it was, and its disks are of one instant.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from '../support/eventually.ts'
import { startLibvirtd, type Libvirtd } from '../support/libvirtd.ts'
import { terminalOpen, type Terminal } from '../support/terminal.ts'
import { describe, launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import {
  awsCli,
  hypervisorImport,
  json,
  machineListed,
  type ListedMachine,
} from '../support/vm/gateway.ts'
import { tinyImage } from '../support/vm/tiny.ts'
import { useDaemon } from '../support/vm/use.ts'

const MINUTE_MS = 60_000
const TAG = { key: 'backup', value: 'daily' }

let libvirt: Libvirtd
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-both-'))
  await exec('chmod', ['755', folder])
  libvirt = await startLibvirtd()
})
const use = useDaemon()
afterAll(async () => {
  await libvirt?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const aws = awsCli(() => use.daemon)

/** Counts up on the root disk, and then on the other one. */
const WRITER = `cat >/tmp/writer <<'END'
i=0
while true; do
  i=$((i + 1))
  echo $i >/var/counted; sync
  printf '%09d\\n' $i | dd of=/dev/vdb conv=fsync 2>/dev/null
done
END
setsid sh /tmp/writer </dev/null >/dev/null 2>&1 &`
const KEPT = 'dd if=/dev/urandom of=/var/kept bs=1M count=4 2>/dev/null; sync'

async function guestDefined(): Promise<string> {
  const image = await tinyImage()
  if (image.boot.mode !== 'kernel') throw new Error('tiny boots its kernel directly')
  const [root, data] = [join(folder, 'root.qcow2'), join(folder, 'data.qcow2')]
  await exec('qemu-img', ['convert', '-O', 'qcow2', image.diskPath, root])
  await exec('qemu-img', ['create', '-f', 'qcow2', data, '64M'])
  const { kernelPath, initrdPath, append } = image.boot
  for (const file of [kernelPath, ...(initrdPath ? [initrdPath] : [])]) {
    await exec('chmod', ['a+r', file])
  }
  const disks = [
    { target: 'vda', path: root, format: 'qcow2' },
    { target: 'vdb', path: data, format: 'qcow2' },
  ]
  const uuid = await libvirt.define('guest', disks, {
    memoryMiB: 256,
    os:
      `<kernel>${kernelPath}</kernel><cmdline>${append}</cmdline>` +
      (initrdPath ? `<initrd>${initrdPath}</initrd>` : ''),
    devices: `<serial type='pty'><target port='0'/></serial><channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/></channel>`,
  })
  const tags = `<tags><tag category='env' name='prod'/></tags>`
  const metadata = ['metadata', uuid, 'urn:brume:tags', '--key', 'brume', '--config', '--set', tags]
  await libvirt.virsh(...metadata)
  await libvirt.virsh('start', uuid)
  return uuid
}

async function shellOf(uuid: string): Promise<Terminal> {
  const terminal = await terminalOpen((await libvirt.virsh('ttyconsole', uuid)).trim())
  await terminal.has('press Enter to activate this console')
  await terminal.type('')
  await terminal.run('true')
  return terminal
}

/** The machine's ARN, with the tag that the mapping gives it. */
async function taggedMachine(): Promise<{ arn: string; hypervisor: string }> {
  const hypervisor = await hypervisorImport(aws, use.daemon, 'qemu:///system')
  const of = ['--hypervisor-arn', hypervisor]
  const trust = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'backup-gateway.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    ],
  }
  const role = await aws<{ Role: { Arn: string } }>(
    ...[
      'iam',
      'create-role',
      '--role-name',
      'tagger',
      '--assume-role-policy-document',
      json(trust),
    ],
  )
  const mapping = { VmwareCategory: 'env', VmwareTagName: 'prod' }
  await aws(
    ...[
      'backup-gateway',
      'put-hypervisor-property-mappings',
      ...of,
      '--iam-role-arn',
      role.Role.Arn,
    ],
    '--vmware-to-aws-tag-mappings',
    json([{ ...mapping, AwsTagKey: TAG.key, AwsTagValue: TAG.value }]),
  )
  const { ResourceArn } = await machineListed(aws, hypervisor, 'guest')
  return { arn: ResourceArn, hypervisor }
}

interface Job {
  ResourceArn: string
  ResourceType: string
  State: string
  RecoveryPointArn: string
  CreationDate: number | string
  StatusMessage?: string
}

async function jobsDone(): Promise<Job[]> {
  const { BackupJobs } = await aws<{ BackupJobs: Job[] }>('backup', 'list-backup-jobs')
  const failed = BackupJobs.find((job) => ['FAILED', 'EXPIRED', 'ABORTED'].includes(job.State))
  if (failed) throw new Error(`a backup is ${failed.State}: ${failed.StatusMessage}`)
  return BackupJobs.filter((job) => job.State === 'COMPLETED')
}

async function planMade(): Promise<{ plan: string; selection: string }> {
  await aws('backup', 'create-backup-vault', '--backup-vault-name', 'vault')
  const rule = { RuleName: 'minute', ScheduleExpression: 'cron(* * * * ? *)' }
  const body = { BackupPlanName: 'plan', Rules: [{ ...rule, TargetBackupVaultName: 'vault' }] }
  const { BackupPlanId } = await aws('backup', 'create-backup-plan', '--backup-plan', json(body))
  const choice = {
    SelectionName: 'tagged',
    IamRoleArn: roleArn(),
    ListOfTags: [
      { ConditionType: 'STRINGEQUALS', ConditionKey: TAG.key, ConditionValue: TAG.value },
    ],
  }
  const { SelectionId } = await aws(
    ...['backup', 'create-backup-selection', '--backup-plan-id', BackupPlanId!],
    ...['--backup-selection', json(choice)],
  )
  return { plan: BackupPlanId!, selection: SelectionId! }
}

const roleArn = (): string => `arn:aws:iam::${use.daemon.credentials.account}:role/backup`

async function restored(point: string, change: Record<string, string>): Promise<string> {
  const of = ['--backup-vault-name', 'vault', '--recovery-point-arn', point]
  const { RestoreMetadata } = await aws<{ RestoreMetadata: Record<string, string> }>(
    ...['backup', 'get-recovery-point-restore-metadata', ...of],
  )
  const { RestoreJobId } = await aws(
    ...['backup', 'start-restore-job', '--recovery-point-arn', point, '--iam-role-arn', roleArn()],
    ...['--metadata', json({ ...RestoreMetadata, ...change })],
  )
  const job = await eventually(
    () => aws('backup', 'describe-restore-job', '--restore-job-id', RestoreJobId!),
    ({ Status }) => Status === 'COMPLETED' || Status === 'FAILED',
    5 * MINUTE_MS,
  )
  expect(job['Status'], job['StatusMessage']).toBe('COMPLETED')
  return job['CreatedResourceArn']!
}

/** The root disk is written first: at any one instant the other is as far, or one behind. */
function expectOneInstant(counted: string, beside: string): void {
  expect(Number(counted)).toBeGreaterThan(0)
  expect([Number(counted), Number(counted) - 1]).toContain(Number(beside))
}

test(
  'a plan protects machines of both, and both come back',
  { timeout: 30 * MINUTE_MS },
  async () => {
    const { daemon, key } = use
    const [made] = await launch(daemon, {
      KeyName: key.name,
      BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } }],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: TAG.key, Value: TAG.value }] }],
    })
    const uuid = await guestDefined()
    // From its start on, or what it says first is lost.
    const opening = shellOf(uuid)
    opening.catch(() => {})
    const foreign = await taggedMachine()
    const guest = await opening
    await guest.run(KEPT)
    const foreignDigest = await guest.run('sha256sum /var/kept')
    await guest.run(`${WRITER} true`)
    const [running] = await reach(daemon, [made!.InstanceId!], 'running')
    const address = running!.PublicIpAddress!
    await sshWhenReady(key, address)
    await ssh(key, address, `sudo sh -c '${KEPT}'`)
    const digest = await ssh(key, address, 'sudo sha256sum /var/kept')
    await ssh(key, address, WRITER.replace('setsid', 'sudo setsid'))

    const { plan, selection } = await planMade()
    // Twice each: the second one builds upon the first.
    const jobs = await eventually(
      jobsDone,
      (done) =>
        ['EC2', 'VirtualMachine'].every(
          (type) => done.filter((job) => job.ResourceType === type).length >= 2,
        ),
      12 * MINUTE_MS,
    )
    await aws(
      ...[
        'backup',
        'delete-backup-selection',
        '--backup-plan-id',
        plan,
        '--selection-id',
        selection,
      ],
    )
    const lastOf = (type: string): Job =>
      jobs
        .filter((job) => job.ResourceType === type)
        .sort((a, b) => String(b.CreationDate).localeCompare(String(a.CreationDate)))[0]!
    expect(lastOf('VirtualMachine').ResourceArn).toBe(foreign.arn)
    expect(lastOf('EC2').ResourceArn).toMatch(new RegExp(`instance/${made!.InstanceId}$`))
    const { VirtualMachine } = await aws<{ VirtualMachine: ListedMachine }>(
      ...['backup-gateway', 'get-virtual-machine', '--resource-arn', foreign.arn],
    )
    expect(VirtualMachine).toMatchObject({ Name: 'guest', ResourceArn: foreign.arn })
    expect(VirtualMachine.LastBackupDate).toBeDefined()
    const { Results } = await aws<{ Results: { ResourceArn: string }[] }>(
      ...['backup', 'list-protected-resources'],
    )
    expect(Results.map(({ ResourceArn }) => ResourceArn)).toContain(foreign.arn)
    await guest.close()
    await libvirt.virsh('destroy', uuid)

    // The daemon dies and comes again; what it has promised is there.
    await daemon.kill()
    await daemon.start()
    const arn = await restored(lastOf('EC2').RecoveryPointArn, {})
    const id = arn.split('/')[1]!
    const [again] = await describe(daemon, id)
    const there = again!.PublicIpAddress!
    expect(await sshWhenReady(key, there, 'sudo sha256sum /var/kept')).toBe(digest)
    expectOneInstant(
      await ssh(key, there, 'sudo cat /var/counted'),
      await ssh(key, there, 'sudo head -c 9 /dev/vdb'),
    )
    await terminate(daemon, [made!.InstanceId!, id])

    await restored(lastOf('VirtualMachine').RecoveryPointArn, {
      RestoreTo: 'VMware',
      VMName: 'guest-again',
      HypervisorArn: foreign.hypervisor,
      VMDatastore: folder,
    })
    await libvirt.virsh('start', 'guest-again')
    const back = await shellOf('guest-again')
    expect(await back.run('sha256sum /var/kept')).toBe(foreignDigest)
    expectOneInstant(await back.run('cat /var/counted'), await back.run('head -c 9 /dev/vdb'))
    await back.close()
  },
)
