/** The end of a machine that was started to be frozen: its copies are ready when it is gone. */
import { join } from 'node:path'
import type { DriverContext, Machine } from './context.ts'
import { stateSave } from './frozen.ts'
import { launchPortOpen } from './launch-port.ts'
import { machineConclude } from './machine.ts'

/** As the kernel writes it. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export async function machineFreeze(
  context: DriverContext,
  machine: Machine,
  target: { statePath: string; timeoutMs: number },
): Promise<{ bootId: string | null }> {
  const { instanceId, paths, qmp } = machine
  const end = (): Promise<void> =>
    machineConclude(context, machine, {
      phase: 'stopped',
      stopReason: 'host-request',
      detail: null,
    })
  try {
    if (!qmp) throw new Error(`QEMU of ${instanceId} does not answer`)
    const port = await launchPortOpen(paths.launchSocket)
    try {
      const told = await port.expect('frozen-ready', target.timeoutMs)
      // The line stays open until the state is written: a guest that sees it end would not be waiting in its copies.
      const socketPath = join(paths.launchSocket, '..', 'state.sock')
      const owner = context.runAs(instanceId)
      await stateSave(qmp, { statePath: target.statePath, socketPath, owner })
      return { bootId: UUID.test(told) ? told : null }
    } finally {
      port.close()
    }
  } finally {
    await end()
  }
}
