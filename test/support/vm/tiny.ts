/** The image `tiny` started by the driver alone: its shell on the serial console is how a test speaks to it. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseImageManifest, type ImageManifest } from '../../../src/domain/image-manifest.ts'
import type { BootPlan } from '../../../src/domain/machine.ts'
import { readJson } from '../../../src/lib/fs-durable.ts'
import { INSTANCE, type VmFixture } from '../vm-fixture.ts'

export interface TinyImage {
  folder: string
  diskPath: string
  boot: BootPlan
  manifest: ImageManifest
}

export async function tinyImage(): Promise<TinyImage> {
  const images = process.env['BRUME_TEST_IMAGES']
  if (!images) throw new Error('tests with guests run by `npm test -- --layer vm`')
  const [version] = await readdir(join(images, 'tiny'))
  const folder = join(images, 'tiny', version!)
  const manifest = parseImageManifest(await readJson(join(folder, 'image.json')))
  const { kernel } = manifest.boot
  if (!kernel) throw new Error('tiny boots its kernel directly')
  return {
    folder,
    manifest,
    diskPath: join(folder, 'disk.qcow2'),
    boot: {
      mode: 'kernel',
      kernelPath: join(folder, kernel.kernel),
      initrdPath: kernel.initrd ? join(folder, kernel.initrd) : null,
      append: kernel.append,
    },
  }
}

let count = 0

/** Opens the shell that waits on the serial console. */
export async function tinyShell(vm: VmFixture, timeoutMs?: number): Promise<void> {
  await vm.consoleHas(INSTANCE, 'press Enter to activate this console', timeoutMs)
  await vm.type(INSTANCE, '')
  await tinyRun(vm, 'true')
}

/** Runs a command in that shell; what it prints. */
export async function tinyRun(vm: VmFixture, command: string, timeoutMs?: number): Promise<string> {
  const mark = `DONE${++count}`
  // In two parts, so that the echo of what was typed is not taken for the end.
  await vm.type(INSTANCE, `{ echo BEGIN''${mark}; ${command}; echo END''${mark}=$?; }`)
  const text = await vm.consoleHas(INSTANCE, `END${mark}=`, timeoutMs)
  const from = text.lastIndexOf(`BEGIN${mark}`) + `BEGIN${mark}`.length
  return text.slice(from, text.lastIndexOf(`END${mark}=`)).trim()
}
