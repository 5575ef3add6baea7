/** Launch and lifecycle through the use cases, on a simulated host. */
import { afterEach, expect, test, vi } from 'vitest'
import {
  instancesGet,
  instancesReboot,
  instancesStart,
  instancesStop,
  instancesTerminate,
} from '../../../src/app/instances/lifecycle.ts'
import { instancesRun } from '../../../src/app/instances/run.ts'
import { FaultError } from '../../../src/domain/faults.ts'
import type { InstanceId } from '../../../src/domain/ids.ts'
import { instanceStateOf, type InstanceState } from '../../../src/domain/instance.ts'
import { ctxOf, runRequest, startTestApp } from '../../support/app.ts'
import { eventually } from '../../support/eventually.ts'

let close: (() => Promise<void>) | undefined
afterEach(async () => close?.())

async function start(options: Parameters<typeof startTestApp>[0] = {}) {
  const started = await startTestApp(options)
  close = started.close
  const { ctx } = started
  const instance = async (id: InstanceId) => (await instancesGet(ctx, [id]))[0]!
  const becomes = (id: InstanceId, state: InstanceState) =>
    eventually(
      () => instance(id),
      (found) => instanceStateOf(found) === state,
    )
  return { ...started, instance, becomes }
}

test('a launch goes to running, with an interface, addresses and a root volume', async () => {
  const { ctx, becomes, app, agent } = await start()
  const { instanceIds } = await instancesRun(ctx, runRequest())
  const instance = await becomes(instanceIds[0]!, 'running')
  expect(instance.spec.uuid).toMatch(/^ec2[0-9a-f]{5}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/)
  const [volume] = await app.store.list('volume', {})
  expect(volume).toMatchObject({ sizeGiB: 1, type: 'gp3', isMaterialised: true })
  const plan = agent.networkPlans()[0]!
  expect(plan.interfaces[0]).toMatchObject({ instanceId: instance.id, isLive: true })
  expect(plan.interfaces[0]!.publicAddresses[0]!.publicAddress).toMatch(/^100\.64\./)
})

test('stop gives the public address back; start brings another and keeps the private one', async () => {
  const { ctx, becomes, app } = await start()
  const { instanceIds } = await instancesRun(ctx, runRequest())
  const id = instanceIds[0]!
  await becomes(id, 'running')
  const nic = async () => (await app.store.list('networkInterface', {}))[0]!
  const before = await nic()
  await instancesStop(ctx, [id], { isForced: false })
  await becomes(id, 'stopped')
  expect((await nic()).publicAddress).toBeNull()
  await instancesStart(ctx, [id])
  await becomes(id, 'running')
  const after = await nic()
  expect(after.privateAddresses).toEqual(before.privateAddresses)
  expect(after.publicAddress).not.toBeNull()
})

test('terminate removes volumes and interfaces and stays visible', async () => {
  const { ctx, becomes, app } = await start()
  const { instanceIds } = await instancesRun(ctx, runRequest({ maxCount: 3 }))
  for (const id of instanceIds) await becomes(id, 'running')
  await instancesTerminate(ctx, instanceIds)
  for (const id of instanceIds) await becomes(id, 'terminated')
  expect(await app.store.list('networkInterface', {})).toEqual([])
  await eventually(
    () => app.store.list('volume', {}),
    (volumes) => volumes.length === 0,
  )
})

test('a guest that powers off stops, or terminates when it was launched so', async () => {
  const { ctx, becomes, agent } = await start()
  const stopping = (await instancesRun(ctx, runRequest())).instanceIds[0]!
  const request = runRequest()
  const options = { ...request.options, shutdownBehavior: 'terminate' as const }
  const ending = (await instancesRun(ctx, { ...request, options })).instanceIds[0]!
  await becomes(stopping, 'running')
  await becomes(ending, 'running')
  agent.guestPowersOff(stopping)
  agent.guestPowersOff(ending)
  const stopped = await becomes(stopping, 'stopped')
  expect(stopped.intended.reasonCode).toBe('Client.InstanceInitiatedShutdown')
  await becomes(ending, 'terminated')
})

test('a process that dies leaves a stopped instance with the reason', async () => {
  const { ctx, becomes, agent } = await start()
  const id = (await instancesRun(ctx, runRequest())).instanceIds[0]!
  await becomes(id, 'running')
  agent.processDies(id)
  const instance = await becomes(id, 'stopped')
  expect(instance.intended.reasonMessage).toContain('Server.InternalError')
})

test('a launch that cannot start is terminated with the reason', async () => {
  const { ctx, becomes } = await start({ failStart: () => 'no such image' })
  const id = (await instancesRun(ctx, runRequest())).instanceIds[0]!
  const instance = await becomes(id, 'terminated')
  expect(instance.intended.reasonMessage).toContain('no such image')
})

test('reboot reaches the host once', async () => {
  const { ctx, becomes, agent } = await start()
  const id = (await instancesRun(ctx, runRequest())).instanceIds[0]!
  await becomes(id, 'running')
  await instancesReboot(ctx, [id])
  await eventually(
    () => agent.reboots(id),
    (count) => count === 1,
  )
  await becomes(id, 'running')
  expect(agent.reboots(id)).toBe(1)
})

test('the same client token answers the same instances; other parameters are a fault', async () => {
  const { ctx } = await start()
  const first = await instancesRun(ctx, runRequest({ clientToken: 'a' }))
  expect(await instancesRun(ctx, runRequest({ clientToken: 'a' }))).toEqual(first)
  const other = instancesRun({ ...ctx, requestHash: 'other' }, runRequest({ clientToken: 'a' }))
  await expect(other).rejects.toMatchObject({ fault: { type: 'IdempotencyMismatch' } })
})

test('room is never promised twice', async () => {
  const { ctx } = await start({ memoryMiB: 4096 + 512, cpuCount: 2 })
  const { instanceIds } = await instancesRun(ctx, runRequest({ maxCount: 100 }))
  expect(instanceIds).toHaveLength(4)
  const more = instancesRun(ctx, runRequest())
  await expect(more).rejects.toMatchObject({ fault: { type: 'CapacityShort' } })
})

test('a type that can never run here names one that would', async () => {
  const { ctx } = await start({ memoryMiB: 4096, cpuCount: 2 })
  const fault = async (instanceType: string) => {
    const error = await instancesRun(ctx, runRequest({ instanceType })).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(FaultError)
    return (error as FaultError).fault
  }
  expect(await fault('m5.24xlarge')).toMatchObject({ type: 'TypeUnsupported' })
  expect(await fault('g4dn.xlarge')).toMatchObject({ reason: expect.stringContaining('gpu') })
  expect(await fault('nonsense')).toMatchObject({ type: 'InvalidValue' })
})

test('another account sees nothing of it', async () => {
  const { ctx, app } = await start()
  const { instanceIds } = await instancesRun(ctx, runRequest())
  const others = instancesGet(ctxOf(app, '000000000002'), instanceIds)
  await expect(others).rejects.toMatchObject({ fault: { type: 'NotFound' } })
})

test('many machines that start at once do not make the reconciler look at all of them each time', async () => {
  const { ctx, app, becomes } = await start()
  const list = vi.spyOn(app.store, 'list')
  const { instanceIds } = await instancesRun(ctx, runRequest({ minCount: 60, maxCount: 60 }))
  for (const id of instanceIds) await becomes(id, 'running')
  await app.settled()
  const looks = list.mock.calls.filter(([, query]) => query.reference?.name === 'unsettled')
  expect(looks.length).toBeGreaterThan(0)
  expect(looks.length).toBeLessThan(10)
})
