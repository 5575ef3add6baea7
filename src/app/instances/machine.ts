/** An instance as its host sees it, with what its hypervisor measures: for the console. */
import { parseId } from '../../domain/ids.ts'
import { machineHypervisor } from '../../domain/hypervisor-words.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import type { HostAgent } from '../../agent/protocol.ts'
import type { MachineUsage } from '../../domain/metrics/usage.ts'
import { publicAddressOf } from '../../domain/network.ts'
import type { Ctx } from '../context.ts'
import { instancesGet } from './lifecycle.ts'

export interface MachineReport {
  hostName: string
  hypervisor: string
  state: string
  detail: string | null
  diskErrors: Readonly<Record<string, string>>
  processId: number | null
  startedAt: number | null
  machineType: string | null
  cpuModel: string | null
  vcpus: number
  /** Null: it does not run, or its host measures nothing. */
  usage: MachineUsage | null
}

/** @throws Faults `NotFound`, `MalformedId`. */
export async function machineReport(ctx: Ctx, text: string): Promise<MachineReport> {
  const id = parseId('instance', text)
  const [instance] = await instancesGet(ctx, [id])
  const { observed, pinned, spec, hostId } = instance!
  const host = ctx.app.hosts.find((one) => one.description.hostId === hostId)
  const isRunning = observed?.state === 'running'
  return {
    hostName: host?.description.hostName ?? '',
    hypervisor: machineHypervisor(host?.description, pinned),
    state: observed?.state ?? 'absent',
    detail: observed?.detail ?? null,
    diskErrors: observed?.diskErrors ?? {},
    processId: observed?.processId ?? null,
    startedAt: observed?.startedAt ?? null,
    machineType: pinned?.machineType ?? null,
    cpuModel: pinned?.cpuModel ?? null,
    vcpus: spec.vcpus,
    usage: isRunning && host ? await usageOf(ctx, host.agent, id) : null,
  }
}

/** Several pages that look at once share a measurement: a host measures all its machines together. */
const USAGE_KEPT_MS = 900
const measured = new WeakMap<HostAgent, { at: number; usages: Promise<MachineUsage[]> }>()

async function usageOf(ctx: Ctx, agent: HostAgent, id: string): Promise<MachineUsage | null> {
  const now = ctx.app.clock.now()
  let kept = measured.get(agent)
  if (!kept || now - kept.at > USAGE_KEPT_MS) {
    kept = { at: now, usages: agent.machineUsage() }
    measured.set(agent, kept)
  }
  const usages = await kept.usages.catch(() => [])
  return usages.find((one) => one.instanceId === id) ?? null
}

/** Where this host reaches it; null: nowhere, or it does not run. */
export async function machineAddress(ctx: Ctx, text: string): Promise<string | null> {
  const [instance] = await instancesGet(ctx, [parseId('instance', text)])
  if (instanceStateOf(instance!) !== 'running') return null
  for (const interfaceId of instance!.spec.interfaceIds) {
    const found = await ctx.app.store.get('networkInterface', interfaceId)
    const address = found && publicAddressOf(found)
    if (address) return address
  }
  return null
}
