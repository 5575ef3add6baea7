/** How machines end when nobody asked the API: a process that dies, a guest that powers off, a host that restarts. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartInstancesCommand } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { networksSweep, qemuOf } from '../support/vm/host.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()

/** From a process's death to the API saying so. */
const DEATH_SEEN_MS_MAX = 1_000

async function running(input: Parameters<typeof launch>[1] = {}) {
  const { daemon, key } = use
  const [made] = await launch(daemon, { KeyName: key.name, ...input })
  const id = made!.InstanceId!
  const [seen] = await reach(daemon, [id], 'running')
  await sshWhenReady(key, seen!.PublicIpAddress!)
  return { id, address: seen!.PublicIpAddress!, privateAddress: seen!.PrivateIpAddress! }
}

test('a QEMU that dies is seen within a second, and can be started again', async () => {
  const { daemon, key } = use
  const { id } = await running()
  const [qemu] = await qemuOf(id)
  process.kill(qemu!.pid, 'SIGKILL')
  const killedAt = performance.now()
  const [stopped] = await reach(daemon, [id], 'stopped')
  const tookMs = performance.now() - killedAt
  console.log(`death seen after ${tookMs.toFixed(0)} ms`)
  expect(tookMs).toBeLessThan(DEATH_SEEN_MS_MAX)
  expect(stopped!.StateReason!.Code).toBe('Server.InternalError')

  await daemon.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }))
  const [again] = await reach(daemon, [id], 'running')
  await sshWhenReady(key, again!.PublicIpAddress!)
  await terminate(daemon, [id])
})

test('poweroff in the guest stops it, or terminates it when so asked at launch', async () => {
  const { daemon, key } = use
  const [stays, goes] = await Promise.all([
    running(),
    running({ InstanceInitiatedShutdownBehavior: 'terminate' }),
  ])
  // The connection may die before the answer.
  for (const { address } of [stays, goes]) await ssh(key, address, 'sudo poweroff').catch(() => {})
  const [stopped] = await reach(daemon, [stays.id], 'stopped')
  expect(stopped!.StateReason!.Code).toBe('Client.InstanceInitiatedShutdown')
  const [gone] = await reach(daemon, [goes.id], 'terminated')
  expect(gone!.StateReason!.Code).toBe('Client.InstanceInitiatedShutdown')
  await terminate(daemon, [stays.id])
})

test('what happened while no daemon ran is told apart: powered off, died', async () => {
  const { daemon, key } = use
  const [off, died, alive] = await Promise.all([running(), running(), running()])
  const [qemu] = await qemuOf(died.id)
  await daemon.kill()
  await ssh(key, off.address, 'sudo poweroff').catch(() => {})
  process.kill(qemu!.pid, 'SIGKILL')
  await expect
    .poll(
      () =>
        ssh(key, off.address, 'true').then(
          () => 'answers',
          () => 'silent',
        ),
      { timeout: 30_000 },
    )
    .toBe('silent')
  await daemon.start()
  const [stopped] = await reach(daemon, [off.id], 'stopped')
  expect(stopped!.StateReason!.Code).toBe('Client.InstanceInitiatedShutdown')
  const [crashed] = await reach(daemon, [died.id], 'stopped')
  expect(crashed!.StateReason!.Code).toBe('Server.InternalError')
  await reach(daemon, [alive.id], 'running')
  await terminate(daemon, [off.id, died.id, alive.id])
})

/**
 * A reboot as the daemon finds it: processes, networks and /run gone, another boot id. The kernel's boot id cannot be
 * changed, so the records are given the one of an earlier boot, which is the same difference.
 */
test('after a reboot of the host, instances that ran run again and the stopped stay so', async () => {
  const { daemon, key } = use
  const [ran, rested] = await Promise.all([running(), running()])
  await ssh(key, ran.address, 'echo kept >note; sync')
  await ssh(key, rested.address, 'sudo poweroff').catch(() => {})
  await reach(daemon, [rested.id], 'stopped')
  await daemon.kill()
  const [qemu] = await qemuOf(ran.id)
  process.kill(qemu!.pid, 'SIGKILL')
  await networksSweep()
  for (const { id } of [ran, rested]) {
    const path = join(daemon.home, 'instances', id, 'state.json')
    const record = JSON.parse(await readFile(path, 'utf8')) as { bootId: string }
    await writeFile(path, JSON.stringify({ ...record, bootId: 'of-an-earlier-boot' }))
  }
  await daemon.start()
  const [again] = await reach(daemon, [ran.id], 'running')
  expect(again!.PrivateIpAddress).toBe(ran.privateAddress)
  expect(await sshWhenReady(key, again!.PublicIpAddress!, 'cat note')).toBe('kept')
  expect((await qemuOf(ran.id))[0]!.pid).not.toBe(qemu!.pid)
  await reach(daemon, [rested.id], 'stopped')
  await terminate(daemon, [ran.id, rested.id])
})
