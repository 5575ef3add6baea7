/**
 * A host as a picture: its layers from the hardware up, the machines on top, each with a gauge of how much of its
 * memory it has touched, and what of the host is promised. SVG, of live data. Pure.
 */
import type { HostAllocation, MachineAllocation } from '../../domain/allocation.ts'
import type { HypervisorWords } from '../../domain/hypervisor-words.ts'
import { formatBytes } from './format.ts'
import { machinesName } from './host-words.ts'

const WIDTH = 860
const MARGIN = 24
const INNER = WIDTH - 2 * MARGIN
const LAYER = 46
const MACHINE = 104
const GAUGE = 6
const GAP = 6
/** More are drawn as one. */
const MACHINES_DRAWN_MAX = 6
const TONES = ['#3c4650', '#35506b', '#3f4f7a', '#5a4a7d']
const FONT = 'ui-sans-serif, system-ui, sans-serif'

export interface PicturedHost {
  hostName: string
  cpuCount: number
  memoryMiB: number
  words: HypervisorWords
}

export function hostPicture(host: PicturedHost, allocation: HostAllocation): string {
  const { layers, kind } = host.words
  const top = 76
  const layersTop = top + MACHINE + GAP
  const barsTop = layersTop + layers.length * (LAYER + GAP) + 26
  const height = barsTop + 2 * 44 + 14
  const title = `${host.hostName}: ${host.cpuCount} processors, ${bytes(host.memoryMiB)} of memory`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(`${title}; ${kind}; ${machinesName(allocation.machines.length)}`)}">`,
    `<rect width="${WIDTH}" height="${height}" rx="10" fill="#14181d"/>`,
    `<g font-family="${FONT}" font-size="13" fill="#d7dde4">`,
    text(MARGIN, 34, title, 'font-size="17" font-weight="600"'),
    text(MARGIN, 56, kind, 'fill="#9aa5b1"'),
    ...machineBoxes(allocation.machines, top),
    ...layers.toReversed().flatMap((layer, at) => {
      const y = layersTop + at * (LAYER + GAP)
      const tone = TONES[layers.length - 1 - at] ?? TONES[0]!
      return [
        `<rect x="${MARGIN}" y="${y}" width="${INNER}" height="${LAYER}" rx="6" fill="${tone}"/>`,
        text(MARGIN + 14, y + 28, layer.name, 'font-weight="600"'),
        text(MARGIN + 200, y + 28, layer.words, 'fill="#c3ccd5"'),
      ]
    }),
    ...bar(barsTop, 'memory', {
      all: allocation.memoryMiB,
      promised: allocation.memoryPromisedMiB,
      used: touched(allocation.machines),
      words: `${bytes(allocation.memoryPromisedMiB)} of ${bytes(allocation.memoryOfferedMiB)} promised, ${bytes(touched(allocation.machines))} touched`,
    }),
    ...bar(barsTop + 44, 'processors', {
      all: allocation.vcpusOffered,
      promised: allocation.vcpusPromised,
      used: busy(allocation.machines),
      words: `${allocation.vcpusPromised} of ${allocation.vcpusOffered} vCPUs promised, ${busy(allocation.machines).toFixed(1)} in use, on ${allocation.cpus} processors`,
    }),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function machineBoxes(machines: readonly MachineAllocation[], y: number): string[] {
  if (machines.length === 0) {
    return [
      `<rect x="${MARGIN}" y="${y}" width="${INNER}" height="${MACHINE}" rx="6" fill="none" stroke="#5b6570" stroke-dasharray="6 5"/>`,
      text(MARGIN + 14, y + 52, 'room for machines; none runs', 'fill="#9aa5b1"'),
    ]
  }
  const drawn = machines.slice(0, MACHINES_DRAWN_MAX)
  const rest = machines.length - drawn.length
  const width = (INNER - GAP * (drawn.length - 1)) / drawn.length
  return drawn.flatMap((machine, at) => {
    const x = MARGIN + at * (width + GAP)
    const share = Math.min(1, (machine.memoryResidentMiB ?? 0) / machine.memoryMiB)
    const gauge = width - 20
    const gaugeTop = y + MACHINE - GAUGE - 8
    const more = at === drawn.length - 1 && rest > 0 ? ` and ${rest} more` : ''
    return [
      `<rect x="${round(x)}" y="${y}" width="${round(width)}" height="${MACHINE}" rx="6" fill="#23423b"/>`,
      `<rect x="${round(x + 10)}" y="${gaugeTop}" width="${round(gauge)}" height="${GAUGE}" rx="3" fill="#16302a"/>`,
      `<rect x="${round(x + 10)}" y="${gaugeTop}" width="${round(gauge * share)}" height="${GAUGE}" rx="3" fill="#2f9f82"/>`,
      text(x + 10, y + 24, `${machine.instanceType}${more}`, 'font-weight="600"'),
      text(x + 10, y + 44, shortened(machine.instanceId, width), 'font-size="11" fill="#c3ccd5"'),
      text(x + 10, y + 64, `${machine.vcpus} vCPU, ${bytes(machine.memoryMiB)}`, 'font-size="12"'),
      text(x + 10, y + 82, usedWords(machine), 'font-size="12" fill="#c3ccd5"'),
    ]
  })
}

function usedWords({ memoryResidentMiB, used }: MachineAllocation): string {
  const memory = memoryResidentMiB === null ? '' : `${bytes(memoryResidentMiB)} touched`
  return used ? `${memory}, ${used.cpu.toFixed(1)} cores` : memory
}

function bar(
  y: number,
  name: string,
  { all, promised, used, words }: Record<'all' | 'promised' | 'used', number> & { words: string },
): string[] {
  const x = MARGIN + 100
  const width = INNER - 100
  const part = (value: number): string => round(width * Math.min(1, value / Math.max(1, all)))
  return [
    text(MARGIN, y + 15, name, 'font-weight="600"'),
    `<rect x="${x}" y="${y}" width="${width}" height="10" rx="5" fill="#2a313a"/>`,
    `<rect x="${x}" y="${y}" width="${part(promised)}" height="10" rx="5" fill="#8a7a45"/>`,
    `<rect x="${x}" y="${y}" width="${part(used)}" height="10" rx="5" fill="#2f9f82"/>`,
    text(x, y + 26, words, 'font-size="11.5" fill="#9aa5b1"'),
  ]
}

const touched = (machines: readonly MachineAllocation[]): number =>
  machines.reduce((sum, { memoryResidentMiB }) => sum + (memoryResidentMiB ?? 0), 0)
const busy = (machines: readonly MachineAllocation[]): number =>
  machines.reduce((sum, { used }) => sum + (used?.cpu ?? 0), 0)
const bytes = (mib: number): string => formatBytes(mib * 1024 ** 2)
const round = (value: number): string => value.toFixed(1)

/** In a narrow box, the end of an id, by which people tell them apart. */
function shortened(id: string, width: number): string {
  const many = Math.floor((width - 20) / 6.6)
  return id.length <= many ? id : `…${id.slice(-(many - 1))}`
}

function text(x: number, y: number, words: string, style: string): string {
  return `<text x="${round(x)}" y="${y}" ${style}>${escape(words)}</text>`
}

function escape(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
