/**
 * A hypervisor on a host of its own, in a network namespace beside ours, reached over TLS alone: imported, its machine
 * backed up into a vault while it runs and writes, the second time only what its checkpoint marks, and restored to
 * files and to the hypervisor, by Debian's awscli and ./brume. What comes back is byte for byte what the machine had.
 */
import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { authority, certified } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { startLibvirtd } from '../support/libvirtd.ts'
import { brume } from '../support/vm/cli.ts'
import { awsCli, hypervisorImport, json, machineListed } from '../support/vm/gateway.ts'
import { useDaemon } from '../support/vm/use.ts'

const MINUTE_MS = 60_000
const MIB = 1024 ** 2
const PORT = 16_514
const [OURS, THEIRS] = ['192.0.2.1', '192.0.2.2'] as const

const use = useDaemon()
const aws = awsCli(() => use.daemon)

/** A host beside ours, as far as its network goes. */
async function hostBeside(): Promise<{ pid: number } & AsyncDisposable> {
  const holder = spawn('unshare', ['--net', '--', 'sleep', 'infinity'], { stdio: 'ignore' })
  const pid = holder.pid!
  const ip = (...words: string[]) => exec('ip', words)
  const within = (...words: string[]) =>
    exec('nsenter', [`--net=/proc/${pid}/ns/net`, '--', 'ip', ...words])
  const own = await readlink('/proc/self/ns/net')
  await eventually(
    () => readlink(`/proc/${pid}/ns/net`),
    (name) => name !== own,
  )
  await ip('link', 'add', 'far0', 'type', 'veth', 'peer', 'name', 'far1', 'netns', String(pid))
  await ip('address', 'add', `${OURS}/30`, 'dev', 'far0')
  await ip('link', 'set', 'far0', 'up')
  await within('address', 'add', `${THEIRS}/30`, 'dev', 'far1')
  for (const name of ['lo', 'far1']) await within('link', 'set', name, 'up')
  return {
    pid,
    [Symbol.asyncDispose]: async () => {
      await ip('link', 'delete', 'far0')
      const gone = new Promise((resolve) => holder.once('exit', resolve))
      holder.kill('SIGKILL')
      await gone
    },
  }
}

interface Job {
  State: string
  StatusMessage?: string
  RecoveryPointArn: string
  BytesTransferred: string
}

async function backedUp(machine: string): Promise<Job> {
  const { account } = use.daemon.credentials
  const { BackupJobId } = await aws(
    ...['backup', 'start-backup-job', '--backup-vault-name', 'vault', '--resource-arn', machine],
    ...['--iam-role-arn', `arn:aws:iam::${account}:role/backup`],
    ...['--backup-options', 'WindowsVSS=disabled'],
  )
  const job = await eventually(
    () =>
      aws<Job & Record<string, string>>(
        'backup',
        'describe-backup-job',
        '--backup-job-id',
        BackupJobId!,
      ),
    ({ State }) => ['COMPLETED', 'FAILED', 'ABORTED', 'EXPIRED'].includes(State),
    5 * MINUTE_MS,
  )
  expect(job.State, job.StatusMessage).toBe('COMPLETED')
  return job
}

/** Of each backup, as the daemon's log has it. */
async function bytesRead(): Promise<number[]> {
  const lines = (await readFile(join(use.daemon.home, 'daemon.log'), 'utf8')).split('\n')
  return lines.flatMap((line) => {
    const found = line.includes('backed up') ? /"readBytes":(\d+)/.exec(line) : null
    return found ? [Number(found[1])] : []
  })
}

test(
  'a machine behind TLS is backed up, then what changed of it, and comes back',
  { timeout: 15 * MINUTE_MS },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'brume-tls-'))
    await exec('chmod', ['755', folder])
    await using host = await hostBeside()
    const pki = join(folder, 'pki')
    await authority(pki)
    await certified(pki, 'client', 'clientAuth')
    await certified(pki, 'server', 'serverAuth', `IP:${THEIRS}`)
    const place = { pid: host.pid, address: THEIRS }
    await using libvirt = await startLibvirtd({ folder: pki, port: PORT, host: place })
    const disk = join(folder, 'vda.qcow2')
    const noise = join(folder, 'noise')
    await exec('dd', ['if=/dev/urandom', `of=${noise}`, 'bs=1M', 'count=24', 'status=none'])
    await exec('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '64M'])
    const copy = ['convert', '-n', '-f', 'raw', '-O', 'qcow2', noise, disk]
    await exec('truncate', ['-s', '64M', noise])
    await exec('qemu-img', copy)
    const uuid = await libvirt.define('far', [{ target: 'vda', path: disk, format: 'qcow2' }])
    await libvirt.virsh('start', uuid)

    const given = join(folder, 'given')
    await mkdir(given)
    for (const [from, to] of [
      ['ca-cert.pem', 'cacert.pem'],
      ['client-cert.pem', 'clientcert.pem'],
      ['client-key.pem', 'clientkey.pem'],
    ] as const) {
      await copyFile(join(pki, from), join(given, to))
      await exec('chmod', ['600', join(given, to)])
    }
    expect(await brume(use.daemon, 'gateway', 'certificates', 'set', THEIRS, given)).toContain(
      'CN=client',
    )
    const hypervisor = await hypervisorImport(
      aws,
      use.daemon,
      `qemu+tls://${THEIRS}:${PORT}/system`,
    )
    const machine = await machineListed(aws, hypervisor, 'far')
    expect(machine).toMatchObject({
      Path: disk,
      HypervisorId: expect.stringMatching(/^hype-/) as string,
    })

    await aws('backup', 'create-backup-vault', '--backup-vault-name', 'vault')
    const first = await backedUp(machine.ResourceArn)
    await libvirt.guestWrites(uuid, 'vda', 7, '40M', '64k')
    await libvirt.guestWrites(uuid, 'vda', 8, '3M', '64k')
    const second = await backedUp(machine.ResourceArn)
    expect(second.StatusMessage ?? '').not.toContain('everything')
    const [all, changed] = await bytesRead()
    expect(all).toBeGreaterThanOrEqual(24 * MIB)
    expect(changed).toBeLessThanOrEqual(MIB)
    expect(Number(second.BytesTransferred)).toBeLessThan(MIB)
    const shown = await aws<{ VirtualMachine: { LastBackupDate?: number } }>(
      ...['backup-gateway', 'get-virtual-machine', '--resource-arn', machine.ResourceArn],
    )
    expect(shown.VirtualMachine.LastBackupDate).toBeDefined()
    // One checkpoint is kept, and no job and no port.
    expect(
      (await libvirt.virsh('checkpoint-list', uuid, '--name')).trim().split('\n'),
    ).toHaveLength(1)
    expect(await libvirt.virsh('domjobinfo', uuid)).toContain('None')
    await libvirt.virsh('destroy', uuid)

    const same = (path: string, format: string, other: string, otherFormat: string) =>
      exec('qemu-img', ['compare', '-f', format, '-F', otherFormat, path, other])
    const early = await brume(
      use.daemon,
      'backup',
      'export',
      first.RecoveryPointArn,
      '--format',
      'raw',
    )
    await same(early, 'raw', noise, 'raw')
    for (const format of ['raw', 'qcow2', 'vmdk']) {
      const late = await brume(
        use.daemon,
        'backup',
        'export',
        second.RecoveryPointArn,
        '--format',
        format,
      )
      await same(late, format, disk, 'qcow2')
    }
    const { RestoreJobId } = await aws(
      ...['backup', 'start-restore-job', '--recovery-point-arn', second.RecoveryPointArn],
      ...['--iam-role-arn', `arn:aws:iam::${use.daemon.credentials.account}:role/backup`],
      ...[
        '--metadata',
        json({
          RestoreTo: 'VMware',
          VMName: 'again',
          HypervisorArn: hypervisor,
          VMDatastore: folder,
        }),
      ],
    )
    const restored = await eventually(
      () => aws('backup', 'describe-restore-job', '--restore-job-id', RestoreJobId!),
      ({ Status }) => Status === 'COMPLETED' || Status === 'FAILED',
      5 * MINUTE_MS,
    )
    expect(restored['Status'], restored['StatusMessage']).toBe('COMPLETED')
    const [path] = /\S+$/.exec((await libvirt.virsh('domblklist', 'again')).trim())!
    await same(path, 'qcow2', disk, 'qcow2')
    await rm(folder, { recursive: true, force: true })
  },
)
