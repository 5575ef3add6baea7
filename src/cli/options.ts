/** Options that several verbs share. */
import { InvalidArgumentError, Option } from 'commander'

export function homeOption(): Option {
  return new Option(
    '--home <dir>',
    'where the state is (default: $BRUME_HOME, else /var/lib/brume as root)',
  )
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON')
}

const CACHE_MIB_MIN = 16
const CACHE_MIB_MAX = 1_024

/** MiB of translated code. QEMU translates the same again and again in less than 16. */
export function parseCacheMiB(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= CACHE_MIB_MIN && value <= CACHE_MIB_MAX) return value
  throw new InvalidArgumentError(`A whole number from ${CACHE_MIB_MIN} to ${CACHE_MIB_MAX}.`)
}
