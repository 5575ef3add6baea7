/** Ways into a machine from outside of it: its serial console, its screen, a shell by its address. */
import type { Duplex } from 'node:stream'
import { FaultError } from '../../domain/faults.ts'
import { parseId, type InstanceId } from '../../domain/ids.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import { publicAddressOf } from '../../domain/network.ts'
import type { Ctx } from '../context.ts'
import { instancesGet } from './lifecycle.ts'

export type StreamKind = 'serial' | 'screen' | 'shell'

export interface StreamTarget {
  instanceId: InstanceId
  /** Of a shell: where this host reaches the machine. */
  address: string | null
  connect(what: 'serial' | 'screen'): Promise<Duplex>
  /** What the serial console said so far. */
  history(): Promise<Uint8Array | null>
}

/** @throws Faults `NotFound`, `IncorrectState`, `InvalidValue`. */
export async function streamTargetOf(
  ctx: Ctx,
  text: string,
  kind: StreamKind,
): Promise<StreamTarget> {
  const id = parseId('instance', text)
  const [instance] = await instancesGet(ctx, [id])
  const state = instanceStateOf(instance!)
  const host = ctx.app.hosts.find((one) => one.description.hostId === instance!.hostId)
  if (state !== 'running' || !host) {
    throw new FaultError({ type: 'IncorrectState', kind: 'instance', id, state, operation: kind })
  }
  const { agent } = host
  return {
    instanceId: id,
    address: kind === 'shell' ? await addressOf(ctx, id, instance!.spec.interfaceIds) : null,
    connect: (what) => agent.consoleConnect(id, what),
    history: async () => (await agent.consoleOutput(id))?.bytes ?? null,
  }
}

async function addressOf(
  ctx: Ctx,
  id: InstanceId,
  interfaceIds: readonly string[],
): Promise<string> {
  for (const interfaceId of interfaceIds) {
    const found = await ctx.app.store.get('networkInterface', interfaceId)
    const address = found && publicAddressOf(found)
    if (address) return address
  }
  const reason = 'it has no public address, so this host has no way to it; use its serial console'
  throw new FaultError({ type: 'InvalidValue', parameter: 'instance', value: id, reason })
}
