/** A machine's whole life through `@aws-sdk/client-ec2` and its own waiters. */
import { expect, test } from 'vitest'
import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  DeleteNetworkInterfaceCommand,
  DetachNetworkInterfaceCommand,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceStatusOk,
  waitUntilInstanceStopped,
  waitUntilInstanceTerminated,
  waitUntilNetworkInterfaceAvailable,
} from '@aws-sdk/client-ec2'
import { bootIdOf, describe, launch, rebooted, ssh, sshWhenReady } from '../support/vm/guest.ts'
import { eventually } from '../support/eventually.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()

test('launch, ssh, an interface plugged live, stop, start, reboot, terminate', async () => {
  const { daemon, key } = use
  const waiter = { client: daemon.ec2, maxWaitTime: 120, minDelay: 1, maxDelay: 1 }
  const [made] = await launch(daemon, { KeyName: key.name })
  const id = made!.InstanceId!
  const ids = { InstanceIds: [id] }
  expect(made!.State!.Name).toBe('pending')

  await waitUntilInstanceRunning(waiter, ids)
  const [running] = await describe(daemon, id)
  const address = running!.PublicIpAddress!
  expect(await sshWhenReady(key, address, 'hostname')).toBe(
    `ip-${running!.PrivateIpAddress!.replaceAll('.', '-')}`,
  )
  await waitUntilInstanceStatusOk(waiter, ids)
  await ssh(key, address, 'echo kept >note; sync')
  const bootId = await bootIdOf(key, address)

  await daemon.ec2.send(new RebootInstancesCommand(ids))
  await rebooted(key, address, bootId)
  expect(await ssh(key, address, 'cat note')).toBe('kept')

  // A second interface, live: QEMU is a user without rights by now.
  const { NetworkInterface } = await daemon.ec2.send(
    new CreateNetworkInterfaceCommand({ SubnetId: running!.SubnetId! }),
  )
  const { NetworkInterfaceId, MacAddress } = NetworkInterface!
  const { AttachmentId } = await daemon.ec2.send(
    new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId: id, DeviceIndex: 1 }),
  )
  const macs = () => ssh(key, address, 'cat /sys/class/net/eth*/address')
  await eventually(macs, (seen) => seen.includes(MacAddress!), 30_000)
  await daemon.ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId }))
  await eventually(macs, (seen) => !seen.includes(MacAddress!), 30_000)
  await waitUntilNetworkInterfaceAvailable(waiter, { NetworkInterfaceIds: [NetworkInterfaceId!] })
  await daemon.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))

  const stopAt = performance.now()
  await daemon.ec2.send(new StopInstancesCommand(ids))
  await waitUntilInstanceStopped(waiter, ids)
  expect(performance.now() - stopAt, 'the guest powers off when asked').toBeLessThan(30_000)
  const [stopped] = await describe(daemon, id)
  expect(stopped!.PublicIpAddress).toBeUndefined()
  expect(stopped!.StateReason!.Code).toBe('Client.UserInitiatedShutdown')

  await daemon.ec2.send(new StartInstancesCommand(ids))
  await waitUntilInstanceRunning(waiter, ids)
  const [again] = await describe(daemon, id)
  expect(again!.PrivateIpAddress).toBe(running!.PrivateIpAddress)
  expect(again!.PublicIpAddress).not.toBe(address)
  expect(await sshWhenReady(key, again!.PublicIpAddress!, 'cat note')).toBe('kept')

  await daemon.ec2.send(new TerminateInstancesCommand(ids))
  await waitUntilInstanceTerminated(waiter, ids)
})
