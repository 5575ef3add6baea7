/** Start, stop, reboot and terminate through the SDK, at unlikely moments too. */
import {
  DescribeInstancesCommand,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
  waitUntilInstanceTerminated,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { describe as see, launch, running, stopped, WAIT } from '../support/launch.ts'

/** Long enough to act within a transition, short enough to wait for. */
const DELAY_MS = 150

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { delayMs: DELAY_MS } })
})
afterAll(() => cloud.close())

const waiter = () => ({ client: cloud.ec2, ...WAIT })
const start = (...InstanceIds: string[]) =>
  cloud.ec2.send(new StartInstancesCommand({ InstanceIds }))
const stop = (...InstanceIds: string[]) => cloud.ec2.send(new StopInstancesCommand({ InstanceIds }))
const reboot = (...InstanceIds: string[]) =>
  cloud.ec2.send(new RebootInstancesCommand({ InstanceIds }))
const terminate = (...InstanceIds: string[]) =>
  cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds }))
const stateOf = async (id: string) => (await see(cloud.ec2, id)).State!.Name

describe('in the usual order', () => {
  test('stop, start, reboot, terminate: changes, reasons, addresses', async () => {
    const id = await running(cloud.ec2)
    const before = await see(cloud.ec2, id)
    expect((await stop(id)).StoppingInstances).toEqual([
      {
        InstanceId: id,
        PreviousState: { Code: 16, Name: 'running' },
        CurrentState: { Code: 64, Name: 'stopping' },
      },
    ])
    await waitUntilInstanceStopped(waiter(), { InstanceIds: [id] })
    const still = await see(cloud.ec2, id)
    expect(still).toMatchObject({
      StateReason: {
        Code: 'Client.UserInitiatedShutdown',
        Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
      },
      StateTransitionReason: expect.stringMatching(
        /^User initiated \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\)$/,
      ),
      PrivateIpAddress: before.PrivateIpAddress,
    })
    expect(still.PublicIpAddress).toBeUndefined()
    expect((await start(id)).StartingInstances).toMatchObject([
      { PreviousState: { Name: 'stopped' }, CurrentState: { Code: 0, Name: 'pending' } },
    ])
    await waitUntilInstanceRunning(waiter(), { InstanceIds: [id] })
    const after = await see(cloud.ec2, id)
    expect(after.PrivateIpAddress).toBe(before.PrivateIpAddress)
    expect(after.PublicIpAddress).toMatch(/^100\.64\./)
    expect(after.StateTransitionReason).toBe('')
    expect(after.LaunchTime!.getTime()).toBeGreaterThan(before.LaunchTime!.getTime())
    await reboot(id)
    await eventually(
      () => cloud.agent.reboots(id),
      (count) => count === 1,
    )
    expect(await stateOf(id)).toBe('running')
    expect((await terminate(id)).TerminatingInstances).toMatchObject([
      { CurrentState: { Code: 32, Name: 'shutting-down' } },
    ])
    await waitUntilInstanceTerminated(waiter(), { InstanceIds: [id] })
    const gone = await see(cloud.ec2, id)
    expect(gone.State).toEqual({ Code: 48, Name: 'terminated' })
    expect(gone).not.toHaveProperty('PrivateIpAddress')
    expect(gone.BlockDeviceMappings).toEqual([])
  })

  test('what is so already is no error', async () => {
    const id = await running(cloud.ec2)
    expect((await start(id)).StartingInstances).toMatchObject([
      { PreviousState: { Name: 'running' }, CurrentState: { Name: 'running' } },
    ])
    const still = await stopped(cloud.ec2)
    expect((await stop(still)).StoppingInstances).toMatchObject([
      { PreviousState: { Name: 'stopped' }, CurrentState: { Name: 'stopped' } },
    ])
    await terminate(id)
    await waitUntilInstanceTerminated(waiter(), { InstanceIds: [id] })
    expect((await terminate(id)).TerminatingInstances).toMatchObject([
      { PreviousState: { Name: 'terminated' }, CurrentState: { Name: 'terminated' } },
    ])
  })
})

describe('at unlikely moments', () => {
  test('terminated while pending', async () => {
    const [id] = await launch(cloud.ec2)
    expect((await terminate(id!)).TerminatingInstances).toMatchObject([
      { PreviousState: { Name: 'pending' }, CurrentState: { Name: 'shutting-down' } },
    ])
    await waitUntilInstanceTerminated(waiter(), { InstanceIds: [id!] })
    const mine = { reference: { name: 'instance', value: id! } }
    expect(await cloud.app.store.list('networkInterface', mine)).toEqual([])
    expect(cloud.agent.disksOf(id!)).toEqual([])
  })

  test('stopped while pending, then started', async () => {
    const [id] = await launch(cloud.ec2)
    await stop(id!)
    await waitUntilInstanceStopped(waiter(), { InstanceIds: [id!] })
    await start(id!)
    await waitUntilInstanceRunning(waiter(), { InstanceIds: [id!] })
  })

  test('started while stopping', async () => {
    const id = await running(cloud.ec2)
    await stop(id)
    expect(await errorOf(start(id))).toEqual({
      code: 'IncorrectInstanceState',
      message: `The instance '${id}' is not in a state from which it can be started.`,
    })
    await waitUntilInstanceStopped(waiter(), { InstanceIds: [id] })
  })

  test('rebooted while it does not run', async () => {
    const id = await stopped(cloud.ec2)
    expect(await codeOf(reboot(id))).toBe('IncorrectInstanceState')
    expect(await stateOf(id)).toBe('stopped')
  })

  test('terminated while stopping', async () => {
    const id = await running(cloud.ec2)
    await stop(id)
    await terminate(id)
    await waitUntilInstanceTerminated(waiter(), { InstanceIds: [id] })
  })

  test('started after its end', async () => {
    const id = await running(cloud.ec2)
    await terminate(id)
    expect(await codeOf(start(id))).toBe('IncorrectInstanceState')
    expect(await codeOf(stop(id))).toBe('IncorrectInstanceState')
    await waitUntilInstanceTerminated(waiter(), { InstanceIds: [id] })
  })

  test('all instances of a request or none', async () => {
    const one = await running(cloud.ec2)
    expect(await codeOf(stop(one, 'i-0123456789abcdef0'))).toBe('InvalidInstanceID.NotFound')
    expect(await codeOf(stop(one, 'i-1'))).toBe('InvalidInstanceID.Malformed')
    expect(await stateOf(one)).toBe('running')
  })

  test('dry runs change nothing', async () => {
    const id = await running(cloud.ec2)
    const input = { InstanceIds: [id], DryRun: true }
    const { ec2 } = cloud
    expect(await codeOf(ec2.send(new StopInstancesCommand(input)))).toBe('DryRunOperation')
    expect(await codeOf(ec2.send(new TerminateInstancesCommand(input)))).toBe('DryRunOperation')
    expect(await codeOf(ec2.send(new RebootInstancesCommand(input)))).toBe('DryRunOperation')
    const hibernate = new StopInstancesCommand({ ...input, Hibernate: true })
    expect(await codeOf(ec2.send(hibernate))).toBe('UnsupportedHibernationConfiguration')
    const still = await stopped(ec2)
    const start = new StartInstancesCommand({ InstanceIds: [still], DryRun: true })
    expect(await codeOf(ec2.send(start))).toBe('DryRunOperation')
    expect([await stateOf(id), await stateOf(still)]).toEqual(['running', 'stopped'])
  })

  test('a guest that powers off while somebody terminates it', async () => {
    const id = await running(cloud.ec2)
    const end = terminate(id)
    cloud.agent.guestPowersOff(id)
    await end
    await waitUntilInstanceTerminated(waiter(), { InstanceIds: [id] })
  })

  test('a process that dies is stopped, with the reason, and starts again', async () => {
    const id = await running(cloud.ec2)
    cloud.agent.processDies(id)
    const Filters = [{ Name: 'state-reason-code', Values: ['Server.InternalError'] }]
    await eventually(
      () => cloud.ec2.send(new DescribeInstancesCommand({ Filters })),
      ({ Reservations }) => Reservations!.some((one) => one.Instances![0]!.InstanceId === id),
    )
    await waitUntilInstanceStopped(waiter(), { InstanceIds: [id] })
    await start(id)
    await waitUntilInstanceRunning(waiter(), { InstanceIds: [id] })
  })
})
