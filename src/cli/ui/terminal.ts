/** What the terminal can do, and colours. Colours only at a terminal, and never when NO_COLOR is set. */
import { stripVTControlCharacters } from 'node:util'

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

const CODES: Record<Colour, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

export function isColoured(stream: { isTTY?: boolean }, env = process.env): boolean {
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR'] && env['FORCE_COLOR'] !== '0') return true
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

export function paint(colour: Colour, text: string, isOn: boolean): string {
  const [open, close] = CODES[colour]
  return isOn ? `\u001B[${open}m${text}\u001B[${close}m` : text
}

/** Text from a guest or a log, safe to show: no escape sequences, no control characters but line ends and tabs. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[^\P{Cc}\n\t]/gu, '')
}

export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/** Of the terminal; of a file or a pipe, as wide as a page. */
export function columnsOf(stream: { columns?: number }): number {
  return Math.max(40, Math.min(stream.columns ?? 100, 120))
}
