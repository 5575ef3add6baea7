/**
 * Benches that boot machines run in namespaces of their own (network, mounts, processes), with a home in a temporary
 * folder: no packet reaches a real network, and when they end, all that they made is gone. What needs the network
 * (an image's packages) is made before. With `--endpoint` they measure a cloud that is up, from where the user is.
 */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isolated } from '../../scripts/support/isolated.ts'
import type { BenchCall, MachineValues } from '../../src/cli/bench-arguments.ts'
import { CliError, EXIT } from '../../src/cli/errors.ts'
import { isRoot } from '../../src/cli/home.ts'
import { packagesEnsure } from '../../src/cli/packages.ts'
import { requirementsOf } from '../../src/cli/requirements.ts'
import { step } from '../../src/cli/ui/progress.ts'
import { buildDebian12 } from '../../src/images/build-debian.ts'
import { buildTiny } from '../../src/images/build-tiny.ts'
import { requirementsOf as imageRequirementsOf } from '../../src/images/requirements.ts'
import { listImages } from '../../src/images/store.ts'

const CACHE = join(import.meta.dirname, '../../.cache')
const FOLDER_VARIABLE = 'BRUME_BENCH_FOLDER'
const IMAGE_VARIABLE = 'BRUME_BENCH_IMAGE'

/** Within the namespaces: the temporary folder, and the folder of the image that was made. */
export function isolation(): { folder: string; imageFolder: string } | null {
  const folder = process.env[FOLDER_VARIABLE]
  const imageFolder = process.env[IMAGE_VARIABLE]
  return folder && imageFolder ? { folder, imageFolder } : null
}

export function isolationNeeded(call: BenchCall): boolean {
  return (
    isolation() === null && machineValuesOf(call)?.endpoint === undefined && bootsMachines(call)
  )
}

function bootsMachines(call: BenchCall): boolean {
  return machineValuesOf(call) !== null
}

function machineValuesOf(call: BenchCall): MachineValues | null {
  switch (call.bench) {
    case 'api':
    case 'scale':
    case 'iam':
    case 'backup':
    case 'chart':
      return null
    default:
      return call.values
  }
}

/** The same program with the same words, in namespaces of its own; its exit status. */
export async function runIsolated(call: BenchCall, words: readonly string[]): Promise<number> {
  const values = machineValuesOf(call)!
  if (!isRoot()) {
    throw new CliError(
      'Machines need root: network namespaces and TAP devices are made for them.',
      {
        hints: [`Type:  sudo ./brume bench ${words.slice(1).join(' ')}`],
      },
    )
  }
  await needsEnsure(call.bench, values)
  const imageFolder = await imageEnsure(values)
  const folder = await mkdtemp(join(tmpdir(), 'brume-bench-'))
  const [command, ...rest] = isolated([process.execPath, ...words])
  const env = { ...process.env, [FOLDER_VARIABLE]: folder, [IMAGE_VARIABLE]: imageFolder }
  const child = spawn(command!, rest, { stdio: 'inherit', env })
  // Ctrl-C reaches the whole group: they end what they started, and then we clean up.
  const onInterrupt = (): void => {}
  const onTerminate = (): void => void child.kill('SIGKILL')
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve(code ?? 1))
    })
  } finally {
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onTerminate)
    await rm(folder, { recursive: true, force: true })
  }
}

async function needsEnsure(bench: BenchCall['bench'], values: MachineValues): Promise<void> {
  const needs = [
    ...requirementsOf(['machines', 'network', 'ssh', 'host']),
    ...requirementsOf(bench === 'disk' || bench === 'network' ? ['workloads'] : []),
    ...imageRequirementsOf(values.image === 'debian-12' ? 'debian-12' : 'tiny'),
  ]
  const retryLine = 'Or with --yes it installs them itself.'
  await packagesEnsure(needs, { isYes: values.yes, retryLine })
}

/**
 * The image as this checkout makes it, in the checkout's cache. `tiny` is made anew each time (seconds, from cached
 * packages, and the same version when nothing has changed); `debian-12` once: delete it there to have it made again.
 */
async function imageEnsure({ image }: MachineValues): Promise<string> {
  if (image !== 'tiny' && image !== 'debian-12') {
    throw new CliError(`There is no image '${image}' to measure with: tiny, debian-12.`, {
      hints: ['Any other image can be measured in a cloud that is up:  --endpoint URL'],
      exitCode: EXIT.usage,
    })
  }
  const outputFolder = join(CACHE, 'images')
  const known = (await listImages(outputFolder)).filter(({ manifest }) => manifest.name === image)
  const newest = known.at(-1)
  if (newest && image === 'debian-12') return newest.folder
  await mkdir(outputFolder, { recursive: true })
  const progress = step(`Building the image ${image}`)
  try {
    const made = await (image === 'tiny' ? buildTiny : buildDebian12)({
      cacheFolder: join(CACHE, 'image-packages'),
      outputFolder,
      onProgress: ({ fraction, detail }) => progress.update({ fraction, detail }),
    })
    progress.done(made.manifest.version)
    return made.folder
  } catch (error) {
    progress.fail()
    throw error
  }
}
