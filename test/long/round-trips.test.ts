/**
 * A disk comes in as raw and boots; exported as VMDK, VHD and in an appliance, and made a VHDX, it comes in again and
 * boots as before. test/host compares the contents of all formats.
 */
import { join } from 'node:path'
import {
  CreateInstanceExportTaskCommand,
  DescribeExportImageTasksCommand,
  DescribeExportTasksCommand,
  ExportImageCommand,
  StopInstancesCommand,
  waitUntilInstanceStopped,
} from '@aws-sdk/client-ec2'
import { test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from '../support/eventually.ts'
import { efiDisk, imported, said } from '../support/vm/disks.ts'
import { launch, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const BOOT_TIMEOUT_MS = 240_000
const EXPORT_TIMEOUT_MS = 120_000
const use = useDaemon({ flags: ['--cpu-overcommit', '100', '--memory-overcommit', '4'] })

test('raw, VMDK, VHD, VHDX and OVA: what boots before boots after', async () => {
  const { daemon } = use
  const { ec2 } = daemon
  const boots = async (ImageId: string): Promise<string> => {
    const CpuOptions = { CoreCount: 1, ThreadsPerCore: 1 }
    const [made] = await launch(daemon, { ImageId, InstanceType: 't3.micro', CpuOptions })
    const isUp = (text: string): boolean => text.includes('iPXE 1')
    await eventually(() => said(daemon, made!.InstanceId!), isUp, BOOT_TIMEOUT_MS)
    return made!.InstanceId!
  }
  await efiDisk(join(daemon.home, 'imports', 'disk.raw'), '/boot/ipxe.efi')
  const first = await imported(daemon, 'disk.raw', 'uefi')
  const origin = await boots(first)
  const urls: string[] = []
  for (const DiskImageFormat of ['VMDK', 'VHD'] as const) {
    const { ExportImageTaskId: id } = await ec2.send(
      new ExportImageCommand({
        ImageId: first,
        DiskImageFormat,
        S3ExportLocation: { S3Bucket: 'round-trips', S3Prefix: 'of/' },
      }),
    )
    const look = async () => {
      const command = new DescribeExportImageTasksCommand({ ExportImageTaskIds: [id!] })
      return (await ec2.send(command)).ExportImageTasks![0]!.Status
    }
    await eventually(look, (state) => state === 'completed', EXPORT_TIMEOUT_MS)
    urls.push(`s3://round-trips/of/${id}.${DiskImageFormat.toLowerCase()}`)
  }
  await ec2.send(new StopInstancesCommand({ InstanceIds: [origin], Force: true }))
  const waiter = { client: ec2, maxWaitTime: 90, minDelay: 1, maxDelay: 1 }
  await waitUntilInstanceStopped(waiter, { InstanceIds: [origin] })
  const { ExportTask } = await ec2.send(
    new CreateInstanceExportTaskCommand({
      InstanceId: origin,
      TargetEnvironment: 'vmware',
      ExportToS3Task: { ContainerFormat: 'ova', S3Bucket: 'round-trips', S3Prefix: 'of/' },
    }),
  )
  const state = async () => {
    const command = new DescribeExportTasksCommand({ ExportTaskIds: [ExportTask!.ExportTaskId!] })
    return (await ec2.send(command)).ExportTasks![0]!.State
  }
  await eventually(state, (seen) => seen === 'completed', EXPORT_TIMEOUT_MS)
  urls.push(`s3://round-trips/${ExportTask!.ExportToS3Task!.S3Key}`)
  // As Hyper-V has it: AWS exports no VHDX, and imports it.
  const vmdk = join(daemon.home, 'exports', urls[0]!.slice('s3://'.length))
  const vhdx = join(daemon.home, 'imports', 'back.vhdx')
  await exec('qemu-img', ['convert', '-O', 'vhdx', vmdk, vhdx])
  urls.push('back.vhdx')
  for (const url of urls) {
    const again = await boots(await imported(daemon, url, 'uefi'))
    await terminate(daemon, [again])
  }
  await terminate(daemon, [origin])
})
