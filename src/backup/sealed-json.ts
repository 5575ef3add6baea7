/**
 * The small files that steer a vault (sessions, tombstones, quarantines): one line of JSON and one that vouches for it,
 * so that a changed byte never passes for an order.
 */
import { DamagedError } from './errors.ts'
import type { VaultKeys } from './keys.ts'

export function sealJson(keys: VaultKeys, key: string, value: unknown): Buffer {
  const text = JSON.stringify(value)
  return Buffer.from(`${text}\n${macOf(keys, key, text)}\n`)
}

/** @throws DamagedError unless it was written by this vault's key under this name. */
export function openJson<T>(keys: VaultKeys, key: string, bytes: Buffer): T {
  const [text, mac, rest, ...more] = bytes.toString('utf8').split('\n')
  const isGenuine = rest === '' && more.length === 0 && mac === macOf(keys, key, text ?? '')
  if (!isGenuine) throw new DamagedError(key, 'the file is not what was written')
  return JSON.parse(text!) as T
}

const macOf = (keys: VaultKeys, key: string, text: string): string =>
  keys.mac(Buffer.from(`${key}\n${text}`)).toString('hex')
