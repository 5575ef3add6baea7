/**
 * Machines of every kind beside each other: `tiny`, something that is no Linux under BIOS and under UEFI with a TPM, a
 * boot loader that Secure Boot refuses, and — where the image debian-12 is among BRUME_TEST_IMAGES — Debian under BIOS
 * and under UEFI with TPM and Secure Boot. All of them say how they booted; a screenshot of each is kept as evidence.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  GetConsoleScreenshotCommand,
  GetInstanceUefiDataCommand,
  RegisterImageCommand,
  type RegisterImageCommandInput,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { uefiDataDecode } from '../../src/aws/ec2/uefi-data.ts'
import { hasPlatformKey } from '../../src/domain/uefi.ts'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from '../support/eventually.ts'
import { efiDisk, imported, said } from '../support/vm/disks.ts'
import { launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const MS_KEYS = '/usr/share/OVMF/OVMF_VARS_4M.ms.fd'
/** Firmware in emulation, on a busy host. */
const SCREEN_TIMEOUT_MS = 240_000
/** Debian in emulation. */
const DEBIAN_TIMEOUT_MS = 400_000

const use = useDaemon({ flags: ['--cpu-overcommit', '100', '--memory-overcommit', '4'] })

/** The same disk as another image. */
async function registered(of: string, input: Partial<RegisterImageCommandInput>): Promise<string> {
  const { ec2 } = use.daemon
  const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [of] }))
  const { RootDeviceName, BlockDeviceMappings } = Images![0]!
  const SnapshotId = BlockDeviceMappings![0]!.Ebs!.SnapshotId
  const disks = [{ DeviceName: RootDeviceName, Ebs: { SnapshotId } }]
  const Name = `of-${of}-${Object.values(input).length}`
  const command = { Name, RootDeviceName, BlockDeviceMappings: disks, ...input }
  return (await ec2.send(new RegisterImageCommand(command))).ImageId!
}

async function screen(id: string, name: string): Promise<Buffer> {
  const { ImageData } = await use.daemon.ec2.send(
    new GetConsoleScreenshotCommand({ InstanceId: id }),
  )
  const picture = Buffer.from(ImageData!, 'base64')
  const folder = process.env['BRUME_TEST_ARTIFACTS'] ?? join(use.daemon.home, 'screens')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `screen-${name}.jpg`), picture)
  return picture
}

const started = async (ImageId: string, InstanceType: 't3.micro' | 't3.small' = 't3.micro') => {
  // One processor each: they are emulated.
  const CpuOptions = { CoreCount: 1, ThreadsPerCore: 1 }
  const input = { ImageId, InstanceType, CpuOptions, KeyName: use.key.name }
  const [made] = await launch(use.daemon, input)
  return made!.InstanceId!
}

test('BIOS, UEFI, TPM and Secure Boot beside each other', async () => {
  const { daemon, key } = use
  const { ec2 } = daemon
  const imports = join(daemon.home, 'imports')
  await exec('cp', ['/usr/lib/ipxe/ipxe.iso', join(imports, 'ipxe-bios.img')])
  await efiDisk(join(imports, 'ipxe-efi.img'), '/boot/ipxe.efi')
  const bios = await imported(daemon, 'ipxe-bios.img', 'legacy-bios')
  const uefi = await imported(daemon, 'ipxe-efi.img', 'uefi')
  const withTpm = await registered(uefi, { BootMode: 'uefi', TpmSupport: 'v2.0' })
  const UefiData = (await readFile(MS_KEYS)).subarray(0, 48_000).toString('base64')
  const locked = await registered(uefi, { BootMode: 'uefi', TpmSupport: 'v2.0', UefiData })
  const ids = {
    tiny: await started(daemon.imageId),
    bios: await started(bios),
    uefi: await started(withTpm),
    locked: await started(locked),
  }
  await reach(daemon, Object.values(ids), 'running')
  const { Reservations } = await ec2.send(
    new DescribeInstancesCommand({ InstanceIds: Object.values(ids) }),
  )
  const seen = Object.fromEntries(
    Reservations!.flatMap((one) => one.Instances!).map((one) => [one.InstanceId!, one]),
  )
  const mode = (id: string) => [
    seen[id]!.PlatformDetails,
    seen[id]!.CurrentInstanceBootMode,
    seen[id]!.TpmSupport,
  ]
  expect(mode(ids.tiny)).toEqual(['Linux/UNIX', 'legacy-bios', undefined])
  expect(mode(ids.bios)).toEqual(['Linux/UNIX', 'legacy-bios', undefined])
  expect(mode(ids.uefi)).toEqual(['Linux/UNIX', 'uefi', 'v2.0'])
  expect(mode(ids.locked)).toEqual(['Linux/UNIX', 'uefi', 'v2.0'])
  // Without keys the firmware starts it; with Microsoft's keys it does not, for nobody signed it.
  await eventually(
    () => said(daemon, ids.uefi),
    (text) => text.includes('iPXE'),
    SCREEN_TIMEOUT_MS,
  )
  await eventually(
    () => said(daemon, ids.locked),
    (text) => text.includes('Access Denied'),
    SCREEN_TIMEOUT_MS,
  )
  expect(await said(daemon, ids.locked)).not.toContain('iPXE 1')
  const told = await ec2.send(new GetInstanceUefiDataCommand({ InstanceId: ids.locked }))
  expect(hasPlatformKey(uefiDataDecode(told.UefiData!))).toBe(true)
  for (const [name, id] of Object.entries(ids)) {
    expect((await screen(id, name)).subarray(0, 2).toString('hex')).toBe('ffd8')
  }
  const debian = (await daemon.host.images()).find((image) => image.name === 'debian-12')?.imageId
  const debians = debian
    ? {
        plain: await started(debian, 't3.small'),
        secure: await started(
          await registered(debian, { BootMode: 'uefi', TpmSupport: 'v2.0', UefiData }),
          't3.small',
        ),
      }
    : null
  if (debians) await debianCheck(debians)
  await terminate(daemon, [...Object.values(ids), ...Object.values(debians ?? {})])
  // The TPMs went with their machines.
  const left = await exec('sh', [
    '-c',
    'cat /proc/[0-9]*/comm 2>/dev/null | grep -c ^swtpm || true',
  ])
  expect(left.stdout.trim()).toBe('0')

  async function debianCheck(of: { plain: string; secure: string }): Promise<void> {
    const machines = await reach(daemon, Object.values(of), 'running')
    const address = (id: string) => machines.find((one) => one.InstanceId === id)!.PublicIpAddress!
    const admin = { ...key, user: 'admin' }
    const look =
      'test -d /sys/firmware/efi && echo uefi || echo bios; ls /sys/class/tpm 2>/dev/null'
    await sshWhenReady(admin, address(of.plain), 'true', DEBIAN_TIMEOUT_MS)
    expect(await ssh(admin, address(of.plain), look)).toBe('bios')
    await sshWhenReady(admin, address(of.secure), 'true', DEBIAN_TIMEOUT_MS)
    expect(await ssh(admin, address(of.secure), look)).toMatch(/^uefi/)
    const secure = 'od -An -tu1 -j4 -N1 /sys/firmware/efi/efivars/SecureBoot-*; sudo dmesg'
    const words = await ssh(admin, address(of.secure), secure)
    expect(words).toMatch(/^\s*1\n/)
    expect(words).toContain('secureboot: Secure boot enabled')
    expect(words).toContain('TPM2')
    for (const [name, id] of Object.entries(of)) await screen(id, `debian-${name}`)
  }
})
