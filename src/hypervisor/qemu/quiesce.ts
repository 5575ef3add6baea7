/**
 * File systems of a guest that hold still for a moment, by its agent: what is on the disks then is what its programs
 * have written, with nothing half done. Guarantees: no guest stays frozen because of us. That it may be is on the disk
 * before it is asked, and whoever takes the machine over thaws it.
 */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurable } from '../../lib/fs-durable.ts'
import type { DriverContext, Machine } from './context.ts'
import { guestAgentOpen, isAgentListening, type GuestAgent } from './guest-agent.ts'

const SYNC_TIMEOUT_MS = 3_000
/** A guest that has more to write back than this takes is not held up any longer. */
const FREEZE_TIMEOUT_MS = 20_000
const THAW_TIMEOUT_MS = 10_000
const THAW_TRIES_MAX = 60
const THAW_PAUSE_MS = 5_000
const MARK_FILE = 'quiesced'

export interface Quiesced<T> {
  value: T
  /** Why the guest's file systems did not hold still meanwhile; null: they did. */
  crashReason: string | null
}

/** Runs `section` in any case, once. */
export async function whileQuiet<T>(
  context: DriverContext,
  machine: Machine,
  section: () => Promise<T>,
): Promise<Quiesced<T>> {
  const isListening = machine.qmp !== null && (await isAgentListening(machine.qmp))
  if (!isListening) return { value: await section(), crashReason: 'no agent runs in the guest' }
  const line = await frozenBy(machine).catch((error: Error) => error)
  if (line instanceof Error) {
    // It may be on its way to be frozen.
    const value = await section().finally(() => void guestThaw(context, machine))
    return { value, crashReason: line.message }
  }
  let thawed: number | null = null
  try {
    const value = await section()
    thawed = await thaw(line.agent)
    return { value, crashReason: crashReasonOf(line.frozen, thawed) }
  } finally {
    thawed ??= await thaw(line.agent)
    line.agent.close()
    if (thawed === null) void guestThaw(context, machine)
    else await markRemove(machine)
  }
}

/** Of machines that were taken over: what a daemon that died in the middle has left. */
export async function guestsThaw(context: DriverContext): Promise<void> {
  for (const machine of context.machines.values()) {
    const isMarked = await stat(markOf(machine)).then(Boolean, () => false)
    if (isMarked) void guestThaw(context, machine)
  }
}

const markOf = ({ paths }: Machine): string => join(paths.folder, MARK_FILE)

async function frozenBy(machine: Machine): Promise<{ agent: GuestAgent; frozen: number }> {
  const agent = await guestAgentOpen(machine.paths.agentSocket, SYNC_TIMEOUT_MS)
  try {
    await writeFileDurable(markOf(machine), '')
    const frozen = Number(await agent.call('guest-fsfreeze-freeze', FREEZE_TIMEOUT_MS)) || 0
    return { agent, frozen }
  } catch (error) {
    agent.close()
    throw error
  }
}

function crashReasonOf(frozen: number, thawed: number | null): string | null {
  if (frozen < 1) return 'the guest has no file system that could be frozen'
  if (thawed === null || thawed < 1) return 'the guest went on by itself meanwhile'
  return null
}

/** How many file systems went on; null: not known. */
async function thaw(agent: GuestAgent): Promise<number | null> {
  const answer = await agent.call('guest-fsfreeze-thaw', THAW_TIMEOUT_MS).catch(() => null)
  return answer === null ? null : Number(answer) || 0
}

/** On a line of its own, until it is heard or the machine is gone. */
async function guestThaw(context: DriverContext, machine: Machine): Promise<void> {
  for (let tries = 0; tries < THAW_TRIES_MAX; tries++) {
    if (context.isClosed() || !context.machines.has(machine.instanceId)) return
    const agent = await guestAgentOpen(machine.paths.agentSocket, THAW_TIMEOUT_MS).catch(() => null)
    const thawed = agent && (await thaw(agent))
    agent?.close()
    if (thawed !== null) return markRemove(machine)
    await context.clock.wait(THAW_PAUSE_MS)
  }
  context.log.error(
    { instanceId: machine.instanceId },
    'a guest may be frozen: its agent is silent',
  )
}

async function markRemove(machine: Machine): Promise<void> {
  await rm(markOf(machine), { force: true })
}
