/** Disks that are no Linux, and images made of files, for tests of imports and firmware. */
import { readFile, writeFile } from 'node:fs/promises'
import {
  DescribeImportImageTasksCommand,
  GetConsoleOutputCommand,
  ImportImageCommand,
} from '@aws-sdk/client-ec2'
import { exec } from '../../../src/lib/exec.ts'
import { eventually } from '../eventually.ts'
import type { Daemon } from './daemon.ts'

const IMPORT_TIMEOUT_MS = 180_000

/** A disk that UEFI starts: a partition with one program. */
export async function efiDisk(path: string, program: string): Promise<void> {
  const ESP_BYTES = 8 * 1024 * 1024
  const START = 1024 * 1024
  const esp = `${path}.esp`
  await writeFile(esp, Buffer.alloc(ESP_BYTES))
  await exec('/usr/sbin/mkfs.vfat', [esp])
  await exec('mmd', ['-i', esp, '::/EFI', '::/EFI/BOOT'])
  await exec('mcopy', ['-i', esp, program, '::/EFI/BOOT/BOOTX64.EFI'])
  const disk = Buffer.alloc(START + ESP_BYTES)
  disk[446 + 4] = 0xef
  disk.writeUInt32LE(START / 512, 446 + 8)
  disk.writeUInt32LE(ESP_BYTES / 512, 446 + 12)
  disk.writeUInt16LE(0xaa55, 510)
  ;(await readFile(esp)).copy(disk, START)
  await writeFile(path, disk)
}

/** The image that a file, or an object, becomes. */
export async function imported(
  { ec2 }: Daemon,
  Url: string,
  BootMode: 'legacy-bios' | 'uefi',
): Promise<string> {
  const { ImportTaskId } = await ec2.send(
    new ImportImageCommand({ BootMode, DiskContainers: [{ Url }] }),
  )
  const task = async () => {
    const command = new DescribeImportImageTasksCommand({ ImportTaskIds: [ImportTaskId!] })
    return (await ec2.send(command)).ImportImageTasks![0]!
  }
  const isOver = ({ Status }: { Status?: string }): boolean => Status !== 'active'
  const done = await eventually(task, isOver, IMPORT_TIMEOUT_MS)
  if (!done.ImageId) throw new Error(`${Url} was not imported: ${done.StatusMessage}`)
  return done.ImageId
}

/** What the firmware and whatever it started write to the serial port. */
export async function said({ ec2 }: Daemon, InstanceId: string): Promise<string> {
  const { Output } = await ec2.send(new GetConsoleOutputCommand({ InstanceId }))
  return Buffer.from(Output ?? '', 'base64').toString()
}
