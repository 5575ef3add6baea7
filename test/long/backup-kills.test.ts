/**
 * The daemon, a process with its real disks and vaults, is killed with SIGKILL at random moments of backups, copies,
 * restores, deletions and collections of two volumes; days pass in between, so that it collects. What a job that was
 * seen COMPLETED promised is restored and compared, byte for byte.
 */
import { randomInt } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DrillClock } from '../support/drills/clock.ts'
import { drillCloud, type DrillCloud } from '../support/drills/cloud.ts'
import { drillDisk, forget, isSame, type DrillDisk } from '../support/drills/disks.ts'
import { persist, type DrillWork, type Ended } from '../support/drills/work.ts'
import type { Daemon } from '../support/vm/daemon.ts'

const KILLS = Number(process.env['BRUME_TEST_KILLS'] ?? 200)
/** In turns: while it does what it missed (it collects, then), and later. */
const KILL_WITHIN_MS = [700, 3_000]
/** Points of a volume that stay; older ones are deleted, so that there is something to collect. */
const POINTS_KEPT = 3
const DAY_SECONDS = 86_400
const PHASES = ['backup', 'copy', 'restore', 'delete', 'collect'] as const
type Phase = (typeof PHASES)[number]

let cloud: DrillCloud
let clock: DrillClock
let daemon: Daemon
let folder: string
let work: DrillWork
beforeAll(async () => {
  cloud = await drillCloud(['one', 'two'])
  ;({ clock, daemon, folder, work } = cloud)
})
afterAll(() => cloud?.end())

interface Promised {
  vault: string
  arn: string
  kept: string
}

interface Told {
  promised: Map<string, Promised>
  /** By phase, how often the daemon was killed in it. */
  kills: Record<Phase, number>
  counts: { backups: number; copies: number; restores: number; deleted: number; expired: number }
  failed: string[]
  lost: string[]
}

async function compared(told: Told, { vault, arn, kept }: Promised): Promise<void> {
  const restored = await work.restore(arn, vault)
  if (restored.state !== 'COMPLETED') {
    told.lost.push(`${arn}: ${restored.state} ${restored.message}`)
    return
  }
  const id = restored.arn.split('/')[1]!
  if (!(await isSame(daemon.home, id, kept))) told.lost.push(`${arn}: another content`)
  told.counts.restores++
  await work.volumeDelete(id)
}

/** Versions of a volume, one after the other, until it is told to stop. */
async function drive(
  disk: DrillDisk,
  told: Told,
  phases: Set<Phase>,
  isEnding: () => boolean,
): Promise<void> {
  const during = async <T>(phase: Phase, act: () => Promise<T>): Promise<T> => {
    phases.add(phase)
    try {
      return await act()
    } finally {
      phases.delete(phase)
    }
  }
  const take = (ended: Ended, vault: string, kept: string): Promised | null => {
    // A day went by before it could begin.
    if (ended.state === 'EXPIRED') told.counts.expired++
    else if (ended.state !== 'COMPLETED') {
      told.failed.push(`${ended.state}: ${ended.message}`)
    }
    if (ended.state !== 'COMPLETED') return null
    const promised = { vault, arn: ended.arn, kept }
    told.promised.set(ended.arn, promised)
    return promised
  }
  const history: Promised[][] = []
  const arn = work.volumeArn(disk.volumeId)
  for (let version = 0; !isEnding(); version++) {
    await disk.write()
    const kept = await disk.keep()
    const point = take(await during('backup', () => work.backUp(arn, 'one')), 'one', kept)
    if (!point) {
      await forget(kept)
      continue
    }
    told.counts.backups++
    const copied = await during('copy', () => work.copy(point.arn, 'one', 'two'))
    const copy = take(copied, 'two', kept)
    if (copy) told.counts.copies++
    if (version % 2 === 0) await during('restore', () => compared(told, copy ?? point))
    history.push(copy ? [point, copy] : [point])
    while (history.length > POINTS_KEPT) {
      for (const old of history.shift()!) {
        told.promised.delete(old.arn)
        await during('delete', () => work.pointDelete(old.arn, old.vault))
        told.counts.deleted++
        await forget(old.kept)
      }
    }
  }
}

/** A pack that is marked to go: a collection is at it, or was when the daemon died. */
async function isCollecting(): Promise<boolean> {
  const vaults = await readdir(join(daemon.home, 'vaults')).catch(() => [])
  for (const vault of vaults) {
    const marks = join(daemon.home, 'vaults', vault, 'tombstones/packs')
    if ((await readdir(marks).catch(() => [])).length > 0) return true
  }
  return false
}

test(
  `killed ${KILLS} times, it has lost nothing`,
  async () => {
    const told: Told = {
      promised: new Map(),
      kills: { backup: 0, copy: 0, restore: 0, delete: 0, collect: 0 },
      counts: { backups: 0, copies: 0, restores: 0, deleted: 0, expired: 0 },
      failed: [],
      lost: [],
    }
    let isEnding = false
    const phases = [new Set<Phase>(), new Set<Phase>()]
    const disks = await Promise.all(
      phases.map(async () => drillDisk(daemon.home, folder, await work.volumeMake())),
    )
    const drivers = Promise.all(
      disks.map((disk, index) => drive(disk, told, phases[index]!, () => isEnding)),
    )
    drivers.catch(() => (isEnding = true))
    for (let kill = 1; kill <= KILLS && !isEnding; kill++) {
      await wait(randomInt(KILL_WITHIN_MS[kill % 2]!))
      for (const phase of new Set([...phases[0]!, ...phases[1]!])) told.kills[phase]++
      if (await isCollecting()) told.kills.collect++
      await daemon.kill()
      // Once a day it collects, once a week it verifies.
      if (kill % 2 === 1) await clock.set(clock.seconds() + DAY_SECONDS + 60)
      await daemon.start()
      if (kill % 20 === 0)
        console.warn(`${kill} kills`, told.kills, told.counts, told.failed.length)
    }
    isEnding = true
    await drivers
    for (const promised of told.promised.values()) await compared(told, promised)
    const there = [...(await work.points('one')), ...(await work.points('two'))]
    const states = new Map(there.map((one) => [one.RecoveryPointArn!, one.Status!]))
    for (const arn of told.promised.keys()) {
      if (states.get(arn) !== 'COMPLETED') told.lost.push(`${arn}: ${states.get(arn)}`)
    }
    for (const vault of ['one', 'two']) {
      const region = daemon.credentials.region
      const verified = await persist(() =>
        daemon.host.backup<{ damaged: unknown[]; files: unknown[] }>('verify', { vault, region }),
      )
      expect(verified).toMatchObject({ damaged: [], files: [] })
    }
    console.warn(`promised and kept: ${told.promised.size}`, told.kills, told.counts, told.failed)
    expect(told.lost).toEqual([])
    // Killed jobs go on; none fails for it.
    expect(told.failed).toEqual([])
    if (KILLS >= 50)
      expect(Math.min(...PHASES.map((phase) => told.kills[phase]))).toBeGreaterThan(0)
  },
  4 * 3_600_000,
)
