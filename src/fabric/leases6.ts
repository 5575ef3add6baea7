/**
 * Leases of DHCPv6 whose address has gone over to another interface. dnsmasq gives an address to nobody else before its
 * lease ends, and knows its holder by a name (DUID) that says nothing to us: so who has which address is written down,
 * and the former holder's lease is taken out of the file while dnsmasq is not running.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'
import { readJson, writeFileDurable, writeJsonDurable } from '../lib/fs-durable.ts'

type Holders = Readonly<Record<string, string>>

/** Of one VPC's folder. @returns the addresses that somebody else had, as long as nobody has dealt with them. */
export async function holdersChange(folder: string, plan: VpcNetworkPlan): Promise<string[]> {
  const now = Object.fromEntries(
    plan.interfaces.flatMap((nic): [string, string][] => {
      const [first] = nic.ipv6Addresses ?? []
      return nic.isLive && first ? [[first, nic.interfaceId]] : []
    }),
  )
  if (Object.keys(now).length === 0) return []
  const before = (await readJson<Holders>(join(folder, 'holders6.json'))) ?? {}
  return Object.keys(now).filter((address) => {
    return before[address] !== undefined && before[address] !== now[address]
  })
}

/** Remembers also who had an address that nobody has now: its lease may still be there. */
export async function holdersRemember(folder: string, plan: VpcNetworkPlan): Promise<void> {
  if (!plan.interfaces.some((nic) => nic.ipv6Addresses)) return
  const path = join(folder, 'holders6.json')
  const before = (await readJson<Holders>(path)) ?? {}
  const after = { ...before }
  for (const nic of plan.interfaces) {
    const [first] = nic.ipv6Addresses ?? []
    if (nic.isLive && first) after[first] = nic.interfaceId
  }
  const isSame = Object.entries(after).every(([address, id]) => before[address] === id)
  if (!isSame) await writeJsonDurable(path, await withoutEnded(folder, after, plan))
}

/** What is neither held nor leased can be forgotten. */
async function withoutEnded(folder: string, holders: Holders, plan: VpcNetworkPlan) {
  const held = new Set(plan.interfaces.flatMap((nic) => [...(nic.ipv6Addresses ?? [])]))
  const leased = await readFile(join(folder, 'leases'), 'utf8').catch(() => '')
  return Object.fromEntries(
    Object.entries(holders).filter(
      ([address]) => held.has(address) || leased.includes(` ${address} `),
    ),
  )
}

/** dnsmasq must not be running: it writes the whole file from memory. */
export async function leasesEnd(folder: string, addresses: readonly string[]): Promise<void> {
  const path = join(folder, 'leases')
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return
  const lines = text.split('\n').filter((line) => !addresses.includes(line.split(' ')[2] ?? ''))
  await writeFileDurable(path, lines.join('\n'), { mode: 0o644 })
}
