/**
 * `HostAgent.backup`: the queue of a host's work for backups. Work is known by its id and runs once until it is
 * forgotten; its outcome is kept until then. A few run at once. What a crash interrupts is stated again by the control
 * plane, and goes on where the vault shows that it stopped.
 */
import { VaultError } from '../../backup/errors.ts'
import type { Vault } from '../../backup/vault.ts'
import type {
  BackupProgress,
  BackupWork,
  BackupWorkOutcome,
  VaultPlace,
} from '../../domain/backup.ts'
import { assert } from '../../lib/assert.ts'
import { createLimiter, type Limiter } from '../../lib/limiter.ts'
import type { Log } from '../../lib/log.ts'
import type { Clock } from '../../lib/time.ts'
import type { BackupHost } from '../backup-protocol.ts'
import type { BackupDisks } from './disks.ts'
import type { HelperMachines } from './file-helper.ts'
import { createFileBrowser } from './files.ts'
import { createFileRestore } from './restore-file.ts'
import { reportsWrite } from './reports.ts'
import { createVaults } from './vaults.ts'
import {
  FinalError,
  withoutFirmware,
  workDo,
  type ForeignMachines,
  type WorkTools,
} from './work.ts'

export interface BackupHostOptions {
  openVault(place: VaultPlace): Promise<Vault>
  disks: BackupDisks
  exportsFolder: string
  /** Machines that look into points; absent or null: none can be started here. */
  helpers?: { home: string; machines: HelperMachines } | null
  foreign: ForeignMachines | null
  /** Absent: of no machine. */
  firmwareOf?: WorkTools['firmwareOf'] | undefined
  log: Log
  clock: Clock
}

/** Each keeps a processor busy and some 100 MB of memory. */
const WORK_AT_ONCE_MAX = 4
/** Beside it: work at the pace of other hypervisors and of lines to them, behind which nothing of ours waits. */
const FOREIGN_AT_ONCE_MAX = 4
/** Forgotten by the control plane or not: no more outcomes are kept than this. */
const KNOWN_MAX = 10_000
const REASON_CHARACTERS_MAX = 400

interface Known {
  work: string
  progress: BackupProgress
  controller: AbortController
  /** Bytes a second; may change while it runs. */
  bandwidthMax: number | null
  ended: Promise<void>
}

export function createBackupHost(options: BackupHostOptions): BackupHost {
  const { log, clock } = options
  const vaults = createVaults(options.openVault)
  const tools: WorkTools = {
    vaults,
    disks: options.disks,
    files: createFileRestore(options.exportsFolder),
    foreign: options.foreign,
    firmwareOf: options.firmwareOf ?? (async () => null),
    now: () => clock.now(),
  }
  const { home = '', machines = null } = options.helpers ?? {}
  const files = createFileBrowser({ home, machines, vaults, log })
  const known = new Map<string, Known>()
  const listeners = new Set<(workId: string) => void>()
  const own = createLimiter(WORK_AT_ONCE_MAX)
  const foreign = createLimiter(FOREIGN_AT_ONCE_MAX)

  const run = async (workId: string, work: BackupWork, one: Known): Promise<void> => {
    const { signal } = one.controller
    const onProgress = (seen: { doneBytes: number; totalBytes: number | null }): void => {
      one.progress = { ...one.progress, ...seen }
    }
    const onUsable = (): void => {
      one.progress = { ...one.progress, isUsable: true }
      for (const listener of listeners) listener(workId)
    }
    let outcome: BackupWorkOutcome
    try {
      const result = await turn(isForeign(work) ? foreign : own, signal, () =>
        workDo(tools, work, {
          signal,
          onProgress,
          onUsable,
          bandwidthMax: () => one.bandwidthMax ?? undefined,
        }),
      )
      outcome = { isDone: true, result }
    } catch (error) {
      outcome = failureOf(error, signal)
      log.warn({ err: error, workId, type: work.type }, 'work for backups failed')
    }
    one.progress = { ...one.progress, outcome }
    for (const listener of listeners) listener(workId)
  }
  const cancel = async (workId: string): Promise<void> => {
    const one = known.get(workId)
    one?.controller.abort(new FinalError('it was stopped'))
    await one?.ended
  }

  return {
    workEnsure: async (workId, work) => {
      const { bandwidthMax: _, ...same } = { bandwidthMax: null, ...work }
      const text = JSON.stringify(same)
      const seen = known.get(workId)
      if (seen) return assert(seen.work === text, `two works with the id ${workId}`)
      const progress = { workId, doneBytes: 0, totalBytes: null, outcome: null }
      const controller = new AbortController()
      const bandwidthMax = work.type === 'backup' ? work.bandwidthMax : null
      const ended = Promise.resolve()
      const one: Known = { work: text, progress, controller, bandwidthMax, ended }
      known.set(workId, one)
      oldestForget(known)
      one.ended = run(workId, work, one)
    },
    workProgress: async (workId) => known.get(workId)?.progress ?? null,
    workPace: async (workId, bytesPerSecond) => {
      const one = known.get(workId)
      if (one) one.bandwidthMax = bytesPerSecond
    },
    workCancel: cancel,
    workForget: async (workId) => {
      await cancel(workId)
      known.delete(workId)
    },
    onWorkEnd: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    points: (place) =>
      vaults.use(place, async (vault) => (await vault.points()).map(withoutFirmware)),
    usage: (place) => vaults.use(place, (vault) => vault.usage()),
    fileList: files.list,
    fileRead: files.read,
    reportWrite: (location, written) => reportsWrite(options.exportsFolder, location, written),
    close: async () => {
      listeners.clear()
      await Promise.all([...known.keys()].map(cancel))
      await files.close()
      await vaults.close()
    },
  }
}

/** Stopped before its turn came, it does not wait for it. */
function turn<T>(limiter: Limiter, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    limiter
      .run(() => {
        signal.throwIfAborted()
        signal.removeEventListener('abort', onAbort)
        return work()
      })
      .then(resolve, reject)
  })
}

const isForeign = (work: BackupWork): boolean =>
  work.type === 'restore-foreign' || (work.type === 'backup' && work.foreign !== null)

function failureOf(error: unknown, signal: AbortSignal): BackupWorkOutcome {
  const text = error instanceof Error ? error.message : String(error)
  const reason = shortened(text.replaceAll(/\s+/g, ' '))
  // Whatever it died of, it was stopped first.
  const isHopeless = error instanceof FinalError || (error instanceof VaultError && error.isFinal)
  const isFinal = isHopeless || signal.aborted
  return { isDone: false, reason: signal.aborted ? 'it was stopped' : reason, isFinal }
}

/** Of a long text the middle goes: a tool names what it was asked first, and what went wrong last. */
function shortened(text: string): string {
  if (text.length <= REASON_CHARACTERS_MAX) return text
  const half = REASON_CHARACTERS_MAX / 2
  return `${text.slice(0, half - 1)} … ${text.slice(2 - half)}`
}

function oldestForget(known: Map<string, Known>): void {
  for (const [workId, { progress }] of known) {
    if (known.size <= KNOWN_MAX) return
    if (progress.outcome) known.delete(workId)
  }
}
