/**
 * A guest for tests of the driver: Debian's cloud kernel and busybox, made from Debian packages into a cache folder.
 * It answers the power button (acpid) and ctrl-alt-del, loads virtio drivers, and gives a shell on the serial port.
 */
import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { exec } from '../../src/lib/exec.ts'

export interface TestGuest {
  kernelPath: string
  initrdPath: string
  append: string
}

/** In the order in which they must be loaded. */
const MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_pci_modern_dev',
  'virtio_pci_legacy_dev',
  'virtio_pci',
  'virtio_blk',
  'failover',
  'net_failover',
  'virtio_net',
  'button',
  'evdev',
]

const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev
for module in ${MODULES.join(' ')}; do test -f /modules/$module.ko && insmod /modules/$module.ko; done
echo 1 > /proc/sys/kernel/ctrl-alt-del
acpid -l /dev/null
clear > /dev/tty0; echo 'BRUME TEST GUEST SCREEN' > /dev/tty0
echo GUEST-READY
while :; do setsid cttyhack sh -i; done < /dev/ttyS0 > /dev/ttyS0 2>&1
`

const POWER_BUTTON = `#!/bin/sh
echo GUEST-POWER-BUTTON > /dev/ttyS0
poweroff -f
`

/** Builds once a version of this file; several processes may ask at the same time. */
export async function testGuest(): Promise<TestGuest> {
  const version = createHash('sha256').update(INIT).update(POWER_BUTTON).digest('hex').slice(0, 12)
  const cache = process.env['BRUME_TEST_CACHE'] ?? join(tmpdir(), 'brume-test-cache')
  const folder = join(cache, `guest-${version}`)
  if (!existsSync(folder)) await build(cache, folder)
  return {
    kernelPath: join(folder, 'vmlinuz'),
    initrdPath: join(folder, 'initrd'),
    // Without no_timer_check a guest on a busy host finds its emulated timer dead and panics.
    append: 'console=tty0 console=ttyS0 panic=-1 no_timer_check',
  }
}

async function build(cache: string, folder: string): Promise<void> {
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, 'build-'))
  try {
    await exec('apt-get', ['download', '-q', await kernelPackage(), 'busybox-static'], {
      cwd: work,
    })
    for (const deb of (await readdir(work)).filter((name) => name.endsWith('.deb'))) {
      await exec('dpkg-deb', ['-x', join(work, deb), join(work, 'packages')])
    }
    const packages = join(work, 'packages')
    const root = join(work, 'root')
    for (const part of ['bin', 'modules', 'etc/acpi/PWRF', 'dev']) {
      await mkdir(join(root, part), { recursive: true })
    }
    const kernel = (await readdir(join(packages, 'boot'))).find((name) =>
      name.startsWith('vmlinuz'),
    )
    await copyFile(join(packages, 'bin/busybox'), join(root, 'bin/busybox'))
    const library = join(packages, 'lib/modules')
    for (const file of await readdir(library, { recursive: true })) {
      const name = basename(file)
      if (MODULES.some((module) => name === `${module}.ko`)) {
        await copyFile(join(library, file), join(root, 'modules', name))
      }
    }
    await writeExecutable(join(root, 'init'), INIT)
    await writeExecutable(join(root, 'etc/acpi/PWRF/00000080'), POWER_BUTTON)
    const names = (await readdir(root, { recursive: true })).join('\n')
    const out = join(work, 'out')
    await mkdir(out)
    await exec('cpio', ['-o', '-H', 'newc', '-F', join(out, 'initrd')], { cwd: root, input: names })
    await copyFile(join(packages, 'boot', kernel!), join(out, 'vmlinuz'))
    // Whoever comes second throws its own away.
    await rename(out, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The newest cloud kernel, which a metapackage depends on. */
async function kernelPackage(): Promise<string> {
  const { stdout } = await exec('apt-cache', ['depends', 'linux-image-cloud-amd64'])
  const name = /Depends: (linux-image-\S+-cloud-amd64)\s/.exec(stdout)?.[1]
  if (!name) throw new Error('Debian has no linux-image-cloud-amd64?')
  return name
}

async function writeExecutable(path: string, text: string): Promise<void> {
  await writeFile(path, text)
  await chmod(path, 0o755)
}
