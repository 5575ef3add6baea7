/** What `bench backup` says: ratios to restic and borg with what is aimed at, then what each of them took. */
import { ACTIONS, type Action } from './backup-tools.ts'
import type { BenchReport, Cell, Ratio } from './report.ts'
import { figure, median, pairedRatio } from './statistics.ts'
import type { Timed } from './timed.ts'

export interface Measure extends Timed {
  round: number
  tool: string
  action: Action
  storedBytes: number
  addedBytes: number
}

interface Input {
  measures: readonly Measure[]
  growth: readonly Growth[]
  options: { dataMiB: number; rounds: number; points: readonly number[] }
  versions: readonly string[]
  isQuick: boolean
}

const MIB = 2 ** 20
const TOOLS = ['brume', 'restic', 'borg'] as const
const AIMS: Record<Action, number | null> = {
  full: 0.6,
  clustered: 0.1,
  scattered: 0.1,
  verify: null,
  restore: 0.7,
}
const RSS_AIM_MIB = 250

export function backupReport({ measures, growth, options, versions, isQuick }: Input): BenchReport {
  const of = (tool: string, action: Action, value: (measure: Measure) => number): number[] =>
    measures.filter((one) => one.tool === tool && one.action === action).map(value)
  const ratios: Ratio[] = ACTIONS.map((action) => {
    const to = (tool: string, value: (measure: Measure) => number): number =>
      pairedRatio(of('brume', action, value), of(tool, action, value))
    const cpu = to('restic', ({ cpuSeconds }) => cpuSeconds)
    const wallBorg = to('borg', ({ seconds }) => seconds)
    const aim = AIMS[action] === null ? '' : `; aim: ${AIMS[action]}`
    const note = `of restic's time${aim}; processor time ${figure(cpu)}; of borg's time ${figure(wallBorg)}`
    return { name: action, value: to('restic', ({ seconds }) => seconds), note }
  })
  const stored = (tool: string): number[] => of(tool, 'scattered', ({ storedBytes }) => storedBytes)
  ratios.push({
    name: 'stored',
    value: pairedRatio(stored('brume'), stored('restic')),
    note: `of restic's, after three points; aim: 1.1; of borg's ${figure(pairedRatio(stored('brume'), stored('borg')))}`,
  })
  const peak = Math.max(
    ...measures.filter(({ tool }) => tool === 'brume').map(({ peakMiB }) => peakMiB),
  )
  ratios.push({
    name: 'peak RSS',
    value: peak / RSS_AIM_MIB,
    note: `of the ${RSS_AIM_MIB} MiB aimed at`,
  })
  return {
    bench: 'backup',
    title: 'Backups of a disk beside restic and borg: full, incremental, verified, restored',
    isQuick,
    options,
    ratios,
    columns: [
      { key: 'action', label: 'action' },
      { key: 'tool', label: 'tool' },
      { key: 'seconds', label: 's' },
      { key: 'cpuSeconds', label: 'processor s' },
      { key: 'peakMiB', label: 'peak MiB' },
      { key: 'addedMiB', label: 'stored +MiB' },
    ],
    rows: [...rowsOf(of), ...growth.flatMap(growthRows)],
    notes: [
      `${options.dataMiB} MiB of files in an ext4 image; ${versions.join(', ')}, both encrypting, borg with zstd,1; medians of ${options.rounds} rounds in turns`,
      'an incremental of Brume is told which 64 KiB have changed, as QEMU knows it; the others read everything: they cannot be told',
      'restored images were compared with the disk, byte for byte',
    ],
    chart: {
      title: 'Backup: seconds',
      subtitle: 'Logarithmic bars; less is better',
      unit: 's',
      isLogarithmic: true,
      rows: ACTIONS.flatMap((action) =>
        TOOLS.map((tool) => {
          const seconds = median(of(tool, action, (one) => one.seconds))
          return {
            group: action,
            label: tool,
            parts: [{ series: tool, value: seconds }],
            note: `${figure(seconds)} s`,
          }
        }),
      ),
    },
  }
}

type Row = Record<string, Cell>

function rowsOf(
  of: (tool: string, action: Action, value: (measure: Measure) => number) => number[],
): Row[] {
  return ACTIONS.flatMap((action) =>
    TOOLS.map((tool) => {
      const mid = (value: (measure: Measure) => number): number => median(of(tool, action, value))
      return {
        action,
        tool,
        seconds: mid(({ seconds }) => seconds),
        cpuSeconds: mid(({ cpuSeconds }) => cpuSeconds),
        peakMiB: Math.round(mid(({ peakMiB }) => peakMiB)),
        addedMiB: mid(({ addedBytes }) => addedBytes / MIB),
      }
    }),
  )
}

function growthRows(one: Growth): Row[] {
  const { points, seconds, cpuSeconds, peakMiB, storedBytes, collectSeconds } = one
  return [
    {
      action: `scattered, beside ${points}`,
      tool: 'brume',
      seconds,
      cpuSeconds,
      peakMiB: Math.round(peakMiB),
      addedMiB: storedBytes / MIB,
    },
    {
      action: `collect, beside ${points}`,
      tool: 'brume',
      seconds: collectSeconds,
      cpuSeconds: null,
      peakMiB: null,
      addedMiB: null,
    },
  ]
}

export interface Growth {
  points: number
  seconds: number
  cpuSeconds: number
  peakMiB: number
  storedBytes: number
  collectSeconds: number
}
