/**
 * `kill -9` of the daemon at any moment: what was answered holds, nothing is there twice, nothing nobody wants remains,
 * and the guests never notice. The moments come from a seed, printed; `BRUME_TEST_SEED` repeats a run's.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type EC2Client, RunInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import {
  BOOTS,
  describe,
  launch,
  reach,
  sshWhenReady,
  terminate,
  TYPE,
  uptimeOf,
} from '../support/vm/guest.ts'
import { allTaps, machineProcesses, qemuOf } from '../support/vm/host.ts'
import { eventually } from '../support/eventually.ts'
import { useDaemon } from '../support/vm/use.ts'

/** Twenty machines of one vCPU on the two processors of a CI host. */
const use = useDaemon({ flags: ['--cpu-overcommit', '16'] })
const REQUESTS = 4
const COUNT_EACH = 5
const KILLS = 6
/** A launch of five takes about a second: kills fall before, between and after. */
const KILL_AFTER_MS_MAX = 1_200
const ALL_RUNNING_TIMEOUT_MS = 180_000

const seed = Number(process.env['BRUME_TEST_SEED'] ?? Date.now() % 1_000_000)

/** mulberry32: small, and the same everywhere. */
function randomOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The same request until an answer comes; the client token makes that safe. Every answer is kept. */
async function runStubbornly(ec2: EC2Client, token: string, answers: string[][]): Promise<void> {
  const until = Date.now() + 120_000
  for (;;) {
    try {
      const { Instances } = await ec2.send(
        new RunInstancesCommand({
          ImageId: use.daemon.imageId,
          InstanceType: TYPE,
          MinCount: COUNT_EACH,
          MaxCount: COUNT_EACH,
          ClientToken: token,
          KeyName: use.key.name,
        }),
      )
      answers.push(Instances!.map((instance) => instance.InstanceId!))
      return
    } catch (error) {
      const { name } = error as Error
      const isLost = /ECONN|socket|Timeout|hang/i.test(`${name} ${String(error)}`)
      if (!isLost || Date.now() > until) throw error
      await wait(50)
    }
  }
}

test('twenty launches, the daemon killed again and again', async () => {
  const { daemon, key } = use
  const random = randomOf(seed)
  console.log(`seed ${seed}`)
  const [veteran] = await launch(daemon, { KeyName: key.name })
  const veteranId = veteran!.InstanceId!
  const [seen] = await reach(daemon, [veteranId], 'running')
  const veteranAddress = seen!.PublicIpAddress!
  await sshWhenReady(key, veteranAddress)
  const [uptimeBefore, measuredAt] = [await uptimeOf(key, veteranAddress), performance.now()]
  const [{ pid: veteranPid } = { pid: 0 }] = await qemuOf(veteranId)

  const tokens = Array.from({ length: REQUESTS }, (_, index) => `crash-${seed}-${index}`)
  const answers: string[][][] = tokens.map(() => [])
  const requests = tokens.map(async (token, index) => {
    await wait(index * 400)
    await runStubbornly(daemon.ec2, token, answers[index]!)
  })
  for (let kill = 0; kill < KILLS; kill++) {
    await wait(random() * KILL_AFTER_MS_MAX)
    await daemon.kill()
    await daemon.start()
  }
  await Promise.all(requests)
  // A repeated token answers with the same machines, also over a crash.
  for (const [index, token] of tokens.entries()) {
    await runStubbornly(daemon.ec2, token, answers[index]!)
    expect(new Set(answers[index]!.map((ids) => ids.join())).size).toBe(1)
  }

  const ids = answers.flatMap((lists) => lists[0]!)
  expect(new Set(ids).size).toBe(REQUESTS * COUNT_EACH)
  const running = await reach(daemon, ids, 'running', ALL_RUNNING_TIMEOUT_MS)
  const everything = await describe(daemon)
  expect(
    everything.map((one) => one.InstanceId).sort(),
    'nothing but what was answered for',
  ).toEqual([...ids, veteranId].sort())
  for (const pick of [
    (one: (typeof running)[0]) => one.PrivateIpAddress,
    (one: (typeof running)[0]) => one.PublicIpAddress,
    (one: (typeof running)[0]) => one.NetworkInterfaces![0]!.MacAddress,
    (one: (typeof running)[0]) => one.BlockDeviceMappings![0]!.Ebs!.VolumeId,
  ]) {
    const values = everything.map(pick)
    expect(values.every(Boolean)).toBe(true)
    expect(new Set(values).size).toBe(values.length)
  }
  for (const { InstanceId } of everything) {
    expect(await qemuOf(InstanceId!), `processes of ${InstanceId}`).toHaveLength(1)
  }
  expect(await machineProcesses()).toHaveLength(everything.length)
  expect(await allTaps()).toHaveLength(everything.length)

  // The one that ran before: the same process, and its clock went on all the time.
  expect((await qemuOf(veteranId))[0]!.pid).toBe(veteranPid)
  const elapsed = (performance.now() - measuredAt) / 1000
  const uptime = await sshWhenReady(key, veteranAddress, 'cat /proc/uptime', 60_000)
  expect(Number(uptime.split(' ')[0])).toBeGreaterThan(uptimeBefore + elapsed - 1)
  await sshWhenReady(key, running[0]!.PublicIpAddress!, 'true', 120_000)

  await terminateWithKill([...ids, veteranId], random)
})

/** The answer of terminate is given; the daemon dies before its end. */
async function terminateWithKill(ids: string[], random: () => number): Promise<void> {
  const { daemon } = use
  await daemon.ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }))
  for (let kill = 0; kill < 2; kill++) {
    await wait(random() * 1_000)
    await daemon.kill()
    await daemon.start()
  }
  await reach(daemon, ids, 'terminated', ALL_RUNNING_TIMEOUT_MS)
  expect(await machineProcesses()).toEqual([])
  await eventually(allTaps, (taps) => taps.length === 0, 10_000)
  const volumes = async () => readdir(join(daemon.home, 'volumes'))
  await eventually(volumes, (files) => files.length === 0, 10_000)
}

test('killed at its start, in the middle of taking over', async () => {
  const { daemon, key } = use
  const [made] = await launch(daemon, { KeyName: key.name })
  const id = made!.InstanceId!
  await reach(daemon, [id], 'running')
  for (let round = 0; round < 3; round++) {
    await daemon.kill()
    await daemon.start()
    await daemon.kill()
    await daemon.start()
  }
  const [seen] = await reach(daemon, [id], 'running')
  expect(await qemuOf(id)).toHaveLength(1)
  await sshWhenReady(key, seen!.PublicIpAddress!)
  await terminate(daemon, [id])
})

test('a guest that boots while no daemon runs gets its identity when one is back', async () => {
  const { daemon, key } = use
  const [made] = await launch(daemon, { KeyName: key.name, TagSpecifications: BOOTS })
  const id = made!.InstanceId!
  const [seen] = await reach(daemon, [id], 'running')
  await daemon.kill()
  const serial = join(daemon.home, 'instances', id, 'serial.log')
  const consoleText = () => readFile(serial, 'utf8').catch(() => '')
  await eventually(consoleText, (text) => text.includes('no metadata service'), 90_000)
  await daemon.start()
  const hostName = seen!.PrivateDnsName!.split('.')[0]
  expect(await sshWhenReady(key, seen!.PublicIpAddress!, 'hostname')).toBe(hostName)
  await terminate(daemon, [id])
})
