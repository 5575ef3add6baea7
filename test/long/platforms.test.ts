/**
 * Machines of every kind beside each other: Debian under BIOS and under UEFI with TPM and Secure Boot, `tiny`, and
 * memtest86+; then a boot loader that Secure Boot refuses. All of them say how they booted; a screenshot of each is
 * kept as evidence.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DescribeImagesCommand,
  GetConsoleScreenshotCommand,
  GetInstanceUefiDataCommand,
  RegisterImageCommand,
  type RegisterImageCommandInput,
} from '@aws-sdk/client-ec2'
import { decode } from 'jpeg-js'
import { expect, test } from 'vitest'
import { uefiDataDecode } from '../../src/aws/ec2/uefi-data.ts'
import { hasPlatformKey } from '../../src/domain/uefi.ts'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from '../support/eventually.ts'
import { efiDisk, imported, said } from '../support/vm/disks.ts'
import { describe, launch, reach, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const MS_KEYS = '/usr/share/OVMF/OVMF_VARS_4M.ms.fd'
/** Firmware in emulation, on a busy host. */
const SCREEN_TIMEOUT_MS = 240_000
/** Debian in emulation. */
const DEBIAN_TIMEOUT_MS = 900_000
const TEST_TIMEOUT_MS = 40 * 60_000

const use = useDaemon({
  images: ['debian-12'],
  flags: ['--cpu-overcommit', '100', '--memory-overcommit', '4'],
})

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

/** Rows of text that have something in them: of sixteen lines of dots each, in white or grey on black. */
function rowsOf(jpeg: Buffer): number {
  const { width, height, data } = decode(jpeg, { useTArray: true })
  const isLit = (x: number, y: number): boolean => data[(y * width + x) * 4 + 1]! > 96
  const ROW = 16
  let rows = 0
  for (let top = 0; top + ROW <= height; top += ROW) {
    let lit = 0
    for (let y = top; y < top + ROW; y++) for (let x = 0; x < width; x++) if (isLit(x, y)) lit++
    // More than a cursor alone.
    if (lit > 2 * ROW) rows++
  }
  return rows
}

/** The same by the guest's own account: its terminal's memory, without the ends of lines. */
const TERMINAL = 'sudo stty -F /dev/tty1 size; sudo cat /dev/vcs1'
function rowsSaid(terminal: string): number {
  const [size = '', text = ''] = terminal.split('\n')
  const columns = Number(size.split(' ')[1])
  const rows = Array.from({ length: Math.ceil(text.length / columns) }, (_, row) =>
    text.slice(row * columns, (row + 1) * columns),
  )
  return rows.filter((row) => row.trim() !== '').length
}

const started = async (ImageId: string, InstanceType: 't3.micro' | 't3.small' = 't3.micro') => {
  // One processor each: they are emulated.
  const CpuOptions = { CoreCount: 1, ThreadsPerCore: 1 }
  const input = { ImageId, InstanceType, CpuOptions, KeyName: use.key.name }
  const [made] = await launch(use.daemon, input)
  return made!.InstanceId!
}

const picture = /^ffd8/
const described = async (id: string) => {
  const [seen] = await describe(use.daemon, id)
  return {
    state: seen!.State!.Name,
    platform: seen!.PlatformDetails,
    boot: seen!.CurrentInstanceBootMode,
    tpm: seen!.TpmSupport,
  }
}
const microsoftKeys = async (): Promise<string> =>
  (await readFile(MS_KEYS)).subarray(0, 48_000).toString('base64')

test(
  'on one host at once: Debian under BIOS, under UEFI with TPM and Secure Boot, tiny, memtest86+',
  async () => {
    const { daemon, key } = use
    const imports = join(daemon.home, 'imports')
    await exec('cp', ['/usr/lib/memtest86+/memtest86+x64.iso', join(imports, 'memtest.img')])
    const memtest = await imported(daemon, 'memtest.img', 'legacy-bios')
    const images = await daemon.host.images()
    const debian = images.find((image) => image.name === 'debian-12')!.imageId!
    const UefiData = await microsoftKeys()
    const input = { BootMode: 'uefi' as const, TpmSupport: 'v2.0' as const, UefiData }
    const ids = {
      'debian-bios': await started(debian, 't3.small'),
      'debian-secure': await started(await registered(debian, input), 't3.small'),
      tiny: await started(daemon.imageId),
      memtest: await started(memtest),
    }
    const addresses = Object.fromEntries(
      (await reach(daemon, Object.values(ids), 'running')).map((one) => [
        one.InstanceId!,
        one.PublicIpAddress!,
      ]),
    )
    const admin = { ...key, user: 'admin' }
    const words = (id: string, command: string) =>
      sshWhenReady(admin, addresses[id]!, command, DEBIAN_TIMEOUT_MS)
    const isEfi = 'test -d /sys/firmware/efi && echo uefi || echo bios'
    expect(await words(ids['debian-bios'], `${isEfi}; ls /sys/class/tpm`)).toBe('bios')
    const secureBoot = 'od -An -tu1 -j4 -N1 /sys/firmware/efi/efivars/SecureBoot-*'
    const tpm = 'test -c /dev/tpm0 && cat /sys/class/tpm/tpm0/tpm_version_major'
    const seen = await words(ids['debian-secure'], `${isEfi}; ${secureBoot}; ${tpm}`)
    expect(seen.split('\n').map((line) => line.trim())).toEqual(['uefi', '1', '2'])
    const kernel = await words(ids['debian-secure'], 'sudo dmesg')
    expect(kernel).toContain('secureboot: Secure boot enabled')
    expect(await sshWhenReady(key, addresses[ids.tiny]!, 'uname -s', SCREEN_TIMEOUT_MS)).toBe(
      'Linux',
    )

    // On the screen of each is what it has to say; Debian's asks who is there.
    for (const id of [ids['debian-bios'], ids['debian-secure']]) {
      await eventually(
        () => words(id, TERMINAL),
        (text) => text.includes('login:'),
        SCREEN_TIMEOUT_MS,
      )
    }
    const saysOf: Readonly<Record<string, () => Promise<string>>> = {
      'debian-bios': () => words(ids['debian-bios'], TERMINAL),
      'debian-secure': () => words(ids['debian-secure'], TERMINAL),
      tiny: () => sshWhenReady(key, addresses[ids.tiny]!, TERMINAL),
    }

    // All of them run, now.
    const plain = { state: 'running', platform: 'Linux/UNIX', boot: 'legacy-bios', tpm: undefined }
    expect(await described(ids['debian-bios'])).toEqual(plain)
    expect(await described(ids.tiny)).toEqual(plain)
    expect(await described(ids.memtest)).toEqual(plain)
    const secured = { ...plain, boot: 'uefi', tpm: 'v2.0' }
    expect(await described(ids['debian-secure'])).toEqual(secured)
    for (const [name, id] of Object.entries(ids)) {
      const shown = await screen(id, name)
      expect(shown.subarray(0, 2).toString('hex')).toMatch(picture)
      const says = saysOf[name]
      // A screen that the guest does not know of shows the firmware's few words.
      if (says) expect(rowsOf(shown), name).toBe(rowsSaid(await says()))
      else expect(rowsOf(shown), name).toBeGreaterThan(7)
    }
    await terminate(daemon, Object.values(ids))
    await tpmsGone()
  },
  TEST_TIMEOUT_MS,
)

test(
  'Secure Boot refuses what nobody signed; without keys the firmware starts it',
  async () => {
    const { daemon } = use
    const { ec2 } = daemon
    await efiDisk(join(daemon.home, 'imports', 'ipxe-efi.img'), '/boot/ipxe.efi')
    const uefi = await imported(daemon, 'ipxe-efi.img', 'uefi')
    const UefiData = await microsoftKeys()
    const withTpm = await registered(uefi, { BootMode: 'uefi', TpmSupport: 'v2.0' })
    const locked = await registered(uefi, { BootMode: 'uefi', TpmSupport: 'v2.0', UefiData })
    const ids = { uefi: await started(withTpm), locked: await started(locked) }
    await reach(daemon, Object.values(ids), 'running')
    const expected = { state: 'running', platform: 'Linux/UNIX', boot: 'uefi', tpm: 'v2.0' }
    for (const id of Object.values(ids)) expect(await described(id)).toEqual(expected)
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
      expect((await screen(id, name)).subarray(0, 2).toString('hex')).toMatch(picture)
    }
    await terminate(daemon, Object.values(ids))
    await tpmsGone()
  },
  TEST_TIMEOUT_MS,
)

/** The TPMs went with their machines. */
async function tpmsGone(): Promise<void> {
  const list = 'cat /proc/[0-9]*/comm 2>/dev/null | grep -c ^swtpm || true'
  expect((await exec('sh', ['-c', list])).stdout.trim()).toBe('0')
}
