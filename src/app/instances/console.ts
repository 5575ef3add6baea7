/** What a machine shows: its serial console and its screen, from the host it is on. */
import { FaultError } from '../../domain/faults.ts'
import type { InstanceId } from '../../domain/ids.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import type { Ctx } from '../context.ts'
import { instancesGet } from './lifecycle.ts'

export async function instanceConsole(ctx: Ctx, id: InstanceId) {
  const { agent } = await hostOf(ctx, id)
  return (await agent?.consoleOutput(id)) ?? undefined
}

/** @throws Fault `IncorrectState` unless it runs. */
export async function instanceScreenshot(ctx: Ctx, id: InstanceId): Promise<Uint8Array> {
  const { agent, state } = await hostOf(ctx, id)
  if (!agent || state !== 'running') {
    const operation = 'GetConsoleScreenshot'
    throw new FaultError({ type: 'IncorrectState', kind: 'instance', id, state, operation })
  }
  return agent.consoleScreenshot(id)
}

async function hostOf(ctx: Ctx, id: InstanceId) {
  const [instance] = await instancesGet(ctx, [id])
  const host = ctx.app.hosts.find((one) => one.description.hostId === instance!.hostId)
  return { agent: host?.agent, state: instanceStateOf(instance!) }
}
