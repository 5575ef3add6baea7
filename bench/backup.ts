/**
 * The backup engine beside restic and borg, on the same disk, in turns: a first backup, two incrementals of a hundredth
 * each, a verification of everything, a restore; what is stored; and what an incremental costs when there are 1, 10
 * and 100 points. Every action is a process of its own, measured from outside.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BackupValues } from '../src/cli/bench-arguments.ts'
import { packagesEnsure } from '../src/cli/packages.ts'
import { requirementsOf } from '../src/cli/requirements.ts'
import { during } from '../src/cli/ui/progress.ts'
import { exec } from '../src/lib/exec.ts'
import {
  allocatedOf,
  changeClustered,
  changeScattered,
  diskMake,
  type BenchDisk,
} from './support/backup-data.ts'
import { backupReport, type Measure } from './support/backup-report.ts'
import { ACTIONS, borg, brume, restic, type Action, type Tool } from './support/backup-tools.ts'
import { mustEnd } from './support/cleanup.ts'
import type { Measured } from './support/report.ts'
import type { Growth } from './support/backup-report.ts'

const DATA_MIB = 1_300
const DATA_MIB_QUICK = 100
const ROUNDS = 3
const POINTS = [1, 10, 100]
const POINTS_QUICK = [1, 5]

export async function backupBench(values: BackupValues): Promise<Measured> {
  const retryLine = './brume bench backup --yes'
  await packagesEnsure(requirementsOf(['anchors']), { isYes: values.yes, retryLine })
  const folder = await mkdtemp(join(tmpdir(), 'brume-bench-backup-'))
  mustEnd(() => rm(folder, { recursive: true, force: true }))
  const dataMiB = values.dataMib ?? (values.quick ? DATA_MIB_QUICK : DATA_MIB)
  const rounds = values.rounds ?? (values.quick ? 1 : ROUNDS)
  const disk = await during('Making a disk', () => diskMake(folder, dataMiB))
  const measures: Measure[] = []
  for (let round = 1; round <= rounds; round++) {
    const name = `Backups, round ${round} of ${rounds}`
    measures.push(
      ...(await during(name, (progress) =>
        oneRound(folder, disk, round, (detail) => progress.update({ detail })),
      )),
    )
  }
  const points = values.quick ? POINTS_QUICK : POINTS
  const growth = await during('Points', () => manyPoints(folder, disk, points))
  const options = { dataMiB: Math.round(disk.dataBytes / 2 ** 20), rounds, points }
  const versions = await Promise.all([restic, borg].map(({ version }) => version()))
  const report = backupReport({ measures, growth, options, versions, isQuick: values.quick })
  return { report, hypervisor: null }
}

/** One action after the other, and each of them with one tool after the other: whatever else the host does hits all. */
async function oneRound(
  folder: string,
  disk: BenchDisk,
  round: number,
  onStep: (detail: string) => void,
): Promise<Measure[]> {
  // Who comes later finds memory that others have just given back: each goes first in a third of the rounds.
  const all: Tool[] = [brume, restic, borg]
  const tools = all.map((_, at) => all[(at + round - 1) % all.length]!)
  const places = new Map(tools.map((tool) => [tool, join(folder, `${tool.name}-${round}`)]))
  for (const [tool, place] of places) {
    await mkdir(place)
    await tool.prepare(place)
  }
  // Warm for all: what is measured is not the disk that the image lies on.
  await exec('cksum', [disk.image], { timeoutMs: 600_000 })
  const measures: Measure[] = []
  for (const action of ACTIONS) {
    const changed = await changesFor(action, disk)
    disk.allocated = await allocatedOf(disk.image)
    for (const [tool, place] of places) {
      onStep(`${action}, ${tool.name}`)
      const before = await storedBytes(place, tool)
      const timed = await tool.run(action, { place, disk, changed })
      const after = await storedBytes(place, tool)
      const sizes = { storedBytes: after, addedBytes: after - before }
      measures.push({ round, tool: tool.name, action, ...timed, ...sizes })
    }
  }
  for (const place of places.values()) await rm(place, { recursive: true })
  return measures
}

async function changesFor(action: Action, disk: BenchDisk) {
  if (action === 'clustered') return changeClustered(disk)
  if (action === 'scattered') return changeScattered(disk)
  return []
}

async function storedBytes(place: string, tool: Tool): Promise<number> {
  const folder = join(place, tool.repository)
  await mkdir(folder, { recursive: true })
  const { stdout } = await exec('du', ['-s', '--block-size=1', folder])
  return Number(stdout.split('\t')[0])
}

/** An incremental of a hundredth, scattered, upon so many points; and a collection that finds nothing to do. */
async function manyPoints(
  folder: string,
  disk: BenchDisk,
  counts: readonly number[],
): Promise<Growth[]> {
  const place = join(folder, 'many')
  await mkdir(place)
  await brume.run('full', { place, disk, changed: [] })
  const growth: Growth[] = []
  let points = 1
  for (const count of counts) {
    while (points < count) {
      const changed = (await changeScattered(disk)).slice(0, 4)
      const ids = { pointId: `p${points}`, basePointId: `p${points - 1}` }
      await brume.run('clustered', { place, disk, changed, ...ids })
      points++
    }
    const changed = await changeScattered(disk)
    const of = { place, disk, changed, pointId: `x${count}`, basePointId: `p${points - 1}` }
    const timed = await brume.run('scattered', of)
    const collected = await brume.run('collect', { place, disk, changed: [] })
    const stored = await storedBytes(place, brume)
    growth.push({ points: count, ...timed, storedBytes: stored, collectSeconds: collected.seconds })
  }
  await rm(place, { recursive: true })
  return growth
}
