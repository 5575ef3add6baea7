/**
 * A key that lets somebody in for a while, told to the agent in a guest: `tiny`'s own, whose SSH server cannot ask the
 * metadata service. Other agents do not know the command, and say so; their images ask.
 */
import type { GuestKey } from '../../domain/machine.ts'
import { TimeoutError } from '../../lib/time.ts'
import type { Machine } from './context.ts'
import { guestAgentOpen, isAgentListening } from './guest-agent.ts'

/** A backup may hold the line, and a guest its breath, for a few seconds. */
const SYNC_TIMEOUT_MS = 15_000
const TIMEOUT_MS = 10_000
const COMMAND = 'brume-connect-key'

/** @throws TimeoutError when an agent is there and does not answer. */
export async function connectKeyTell(
  { qmp, paths }: Pick<Machine, 'qmp' | 'paths'>,
  { user, line, seconds }: GuestKey,
): Promise<void> {
  if (qmp === null || !(await isAgentListening(qmp))) return
  const agent = await guestAgentOpen(paths.agentSocket, SYNC_TIMEOUT_MS)
  try {
    await agent.call(COMMAND, TIMEOUT_MS, { user, key: line, seconds })
  } catch (error) {
    // Anything else is an agent's refusal.
    if (error instanceof TimeoutError) throw error
  } finally {
    agent.close()
  }
}
