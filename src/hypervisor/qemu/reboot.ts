/**
 * RebootInstances: the guest is asked first (its agent if one listens, else ctrl-alt-del), and reset when it has not
 * rebooted within the grace. The power button would be wrong: it turns the machine off. The process stays the same.
 */
import { connect } from 'node:net'
import { TimeoutError } from '../../lib/time.ts'
import type { QmpClient } from '../qmp/client.ts'
import type { Machine } from './context.ts'

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

async function isAgentListening(qmp: QmpClient): Promise<boolean> {
  const chardevs = await qmp.execute<{ label: string; 'frontend-open': boolean }[]>('query-chardev')
  return chardevs.some((one) => one.label === 'qga0' && one['frontend-open'])
}

/** The agent does not answer a reboot, so its sync is what tells that somebody reads. */
function agentReboot(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const id = Math.floor(Math.random() * 1e9)
    const socket = connect({ path })
    const finish = (isTold: boolean): void => {
      clearTimeout(timer)
      socket.end()
      resolve(isTold)
    }
    const timer = setTimeout(() => finish(false), AGENT_TIMEOUT_MS)
    let text = ''
    socket.on('error', () => finish(false))
    socket.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-4_096)
      if (!text.includes(String(id))) return
      const reboot = { execute: 'guest-shutdown', arguments: { mode: 'reboot' } }
      socket.write(`${JSON.stringify(reboot)}\n`, () => finish(true))
    })
    socket.write(`${JSON.stringify({ execute: 'guest-sync', arguments: { id } })}\n`)
  })
}
