/**
 * RebootInstances: the guest is asked first (its agent if one listens, else ctrl-alt-del), and reset when it has not
 * rebooted within the grace. The power button would be wrong: it turns the machine off. The process stays the same.
 */
import { TimeoutError } from '../../lib/time.ts'
import type { Machine } from './context.ts'
import { guestAgentOpen, isAgentListening } from './guest-agent.ts'

const AGENT_TIMEOUT_MS = 1_000
const KEYS = ['ctrl', 'alt', 'delete'].map((data) => ({ type: 'qcode', data }))

/** Resolves when the machine was reset, by itself or by us. */
export async function machineReboot(machine: Machine, graceMs: number): Promise<void> {
  const qmp = machine.qmp
  if (!qmp) throw new Error(`QEMU of ${machine.instanceId} does not answer`)
  const asked = qmp.waitForEvent((event) => event.event === 'RESET', { timeoutMs: graceMs })
  asked.catch(() => {})
  if (graceMs > 0) {
    const hasAgent = await isAgentListening(qmp)
    const isTold = hasAgent && (await agentReboot(machine.paths.agentSocket))
    if (!isTold) await qmp.execute('send-key', { keys: KEYS })
    try {
      await asked
      return
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
    }
  }
  const forced = qmp.waitForEvent((event) => event.event === 'RESET', { timeoutMs: 5_000 })
  await Promise.all([forced, qmp.execute('system_reset')])
}

/** The agent does not answer a reboot. */
async function agentReboot(path: string): Promise<boolean> {
  try {
    const agent = await guestAgentOpen(path, AGENT_TIMEOUT_MS)
    await agent.tell('guest-shutdown', { mode: 'reboot' }).finally(agent.close)
    return true
  } catch {
    return false
  }
}
