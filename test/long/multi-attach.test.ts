/**
 * One disk of two guests: each writes and reads the other's blocks past its page cache, while who serves the disk is
 * killed, the daemon is killed, a snapshot is taken, the disk grows, one guest is killed and one lets go.
 */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  ModifyVolumeCommand,
  waitUntilSnapshotCompleted,
  waitUntilVolumeAvailable,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()
const ROUNDS = 20
const TEST_TIMEOUT_MS = 15 * 60_000

test(
  'two guests write and read each other’s blocks of one disk',
  async () => {
    const { daemon, key } = use
    const { ec2 } = daemon
    const waiter = { client: ec2, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }
    const type = { InstanceType: 't3.nano' as const }
    const made = await launch(daemon, { KeyName: key.name, MinCount: 2, MaxCount: 2, ...type })
    const ids = made.map((instance) => instance.InstanceId!)
    const AvailabilityZone = made[0]!.Placement!.AvailabilityZone!
    const { VolumeId } = await ec2.send(
      new CreateVolumeCommand({
        ...{ AvailabilityZone, Size: 4, VolumeType: 'io2', Iops: 2_000 },
        MultiAttachEnabled: true,
      }),
    )
    await waitUntilVolumeAvailable(waiter, { VolumeIds: [VolumeId!] })
    const running = await reach(daemon, ids, 'running')
    const addresses = ids.map(
      (id) => running.find((one) => one.InstanceId === id)!.PublicIpAddress!,
    )
    const [a, b] = addresses as [string, string]
    for (const address of addresses) await sshWhenReady(key, address)
    const states = async () => {
      const { Volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId!] }))
      return Volumes![0]!.Attachments!.map((one) => one.State)
    }
    for (const InstanceId of ids) {
      await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdf' }))
    }
    await expect.poll(states, { timeout: 60_000 }).toEqual(['attached', 'attached'])
    const patient = { timeoutMs: 60_000 }
    for (const address of addresses) {
      await expect
        .poll(() => ssh(key, address, 'test -b /dev/vdb && echo yes').catch(() => ''))
        .toBe('yes')
    }

    /** A block past the page cache, on the disk when it returns. */
    const write = (address: string, at: number, text: string) =>
      ssh(
        key,
        address,
        `printf '%-4096s' '${text}' | sudo dd of=/dev/vdb bs=4096 seek=${at} count=1 iflag=fullblock oflag=direct conv=notrunc 2>/dev/null`,
        patient,
      )
    const read = async (address: string, at: number) =>
      (
        await ssh(
          key,
          address,
          `sudo dd if=/dev/vdb bs=4096 skip=${at} count=1 iflag=direct 2>/dev/null | tr -d ' '`,
          patient,
        )
      ).trim()
    const both = async (round: string) => {
      await write(a, 1_000, `a-${round}`)
      expect(await read(b, 1_000)).toBe(`a-${round}`)
      await write(b, 2_000, `b-${round}`)
      expect(await read(a, 2_000)).toBe(`b-${round}`)
      // The same block, in turn.
      await write(b, 1_000, `b-over-${round}`)
      expect(await read(a, 1_000)).toBe(`b-over-${round}`)
    }
    for (let round = 0; round < ROUNDS; round++) await both(String(round))

    // Who serves it is killed: what was written is there, and what is asked for meanwhile waits.
    await write(a, 3_000, 'before-the-kill')
    const [server] = await readdir(join(daemon.home, 'shared'))
    const pidFile = join(daemon.home, 'shared', server!, 'qemu.pid')
    const pid = Number(await readFile(pidFile, 'utf8'))
    process.kill(pid, 'SIGKILL')
    expect(await read(b, 3_000)).toBe('before-the-kill')
    expect(Number(await readFile(pidFile, 'utf8'))).not.toBe(pid)
    await both('server-killed')

    // So is the daemon: the server goes on without it.
    const served = Number(await readFile(pidFile, 'utf8'))
    await daemon.kill()
    await both('daemon-killed')
    await daemon.start()
    expect(Number(await readFile(pidFile, 'utf8'))).toBe(served)
    await both('daemon-back')

    // A snapshot while both have it, and a volume of it that is a disk of its own.
    const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId: VolumeId! }))
    await waitUntilSnapshotCompleted(waiter, { SnapshotIds: [SnapshotId!] })
    await both('after-snapshot')
    const copy = await ec2.send(new CreateVolumeCommand({ AvailabilityZone, SnapshotId }))
    await waitUntilVolumeAvailable(waiter, { VolumeIds: [copy.VolumeId!] })
    const onto = { VolumeId: copy.VolumeId!, InstanceId: ids[0]!, Device: '/dev/sdg' }
    await ec2.send(new AttachVolumeCommand(onto))
    await expect
      .poll(() => ssh(key, a, 'test -b /dev/vdc && echo yes').catch(() => ''), { timeout: 60_000 })
      .toBe('yes')
    const frozen = await ssh(
      key,
      a,
      `sudo dd if=/dev/vdc bs=4096 skip=1000 count=1 iflag=direct 2>/dev/null | tr -d ' '`,
    )
    expect(frozen).toBe('b-over-daemon-back')

    // It grows beneath both.
    await ec2.send(new ModifyVolumeCommand({ VolumeId: VolumeId!, Size: 5 }))
    for (const address of addresses) {
      await expect
        .poll(() => ssh(key, address, 'cat /sys/block/vdb/size'), { timeout: 60_000 })
        .toBe(String((5 * 1024 ** 3) / 512))
    }
    await both('grown')

    // One guest lets go, and has it again; then its machine dies.
    await ec2.send(new DetachVolumeCommand({ VolumeId: VolumeId!, InstanceId: ids[1]! }))
    await expect.poll(states, { timeout: 60_000 }).toEqual(['attached'])
    await write(a, 1_000, 'alone')
    await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: ids[1]!, Device: '/dev/sdf' }))
    await expect.poll(states, { timeout: 60_000 }).toEqual(['attached', 'attached'])
    await expect.poll(() => read(b, 1_000).catch(() => ''), { timeout: 30_000 }).toBe('alone')
    await both('again')
    const machine = Number(
      await readFile(join(daemon.home, 'instances', ids[1]!, 'qemu.pid'), 'utf8'),
    )
    process.kill(machine, 'SIGKILL')
    await write(a, 1_000, 'goes-on')
    expect(await read(a, 1_000)).toBe('goes-on')

    await terminate(daemon, ids)
    for (const volume of [VolumeId!, copy.VolumeId!]) {
      await waitUntilVolumeAvailable(waiter, { VolumeIds: [volume] })
      await ec2.send(new DeleteVolumeCommand({ VolumeId: volume }))
    }
    await expect.poll(() => readdir(join(daemon.home, 'shared')), { timeout: 30_000 }).toEqual([])
  },
  TEST_TIMEOUT_MS,
)
