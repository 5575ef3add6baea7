/** The QEMU driver with real guests: start, console, picture, every way to end, adoption, devices plugged live. */
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { decode } from 'jpeg-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import type { VolumeId } from '../../src/domain/ids.ts'
import type { DiskAttachment } from '../../src/domain/machine.ts'
import { createQemuDriver } from '../../src/hypervisor/qemu/driver.ts'
import { startTicksOf } from '../../src/hypervisor/qemu/process.ts'
import { hypervisorProbe } from '../../src/hypervisor/qemu/probe.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { createVmFixture, INSTANCE, poll, type VmFixture } from '../support/vm-fixture.ts'
import { testGuest } from '../support/test-guest.ts'

let vm: VmFixture

beforeEach(async () => {
  vm = await createVmFixture()
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await vm.keepEvidence(task.name)
  await vm.close()
})

/** A zombie is dead; who reaps an orphan, and when, is the host's business. */
const isAlive = (pid: number): boolean => {
  const path = `/proc/${pid}/stat`
  return existsSync(path) && startTicksOf(readFileSync(path, 'utf8')) !== null
}
const states = (): string[] => vm.observations.map((one) => one.state)

async function volume(
  digits: string,
  changes: Partial<DiskAttachment> = {},
): Promise<DiskAttachment> {
  const backend = await createQcow2Backend({ folder: join(vm.root, 'volumes'), log: silentLog })
  const volumeId = `vol-${digits.padStart(17, '0')}` as VolumeId
  const { path, format, backing } = await backend.ensure({ volumeId, sizeGiB: 1, source: null })
  return {
    volumeId,
    path,
    format,
    backing,
    deviceName: `/dev/sd${digits}`,
    isRoot: false,
    isReadOnly: false,
    iopsMax: null,
    throughputMaxMiBps: null,
    ...changes,
  }
}

async function bootToShell(changes?: Parameters<VmFixture['spec']>[0]): Promise<number> {
  const observation = await vm.driver.start(await vm.spec(changes))
  await vm.consoleHas(INSTANCE, 'GUEST-READY')
  return observation.processId!
}

test('a machine starts, shows EC2 hardware, a picture, and powers off by the button', async () => {
  const observation = await vm.driver.start(await vm.spec())
  expect(observation).toMatchObject({ state: 'running', stopReason: null })
  expect(observation.pinned).toMatchObject({
    machineType: expect.stringMatching(/^pc-q35-\d/),
    cpuModel: expect.any(String),
  })
  // Repeating a start changes nothing.
  const again = await vm.driver.start(await vm.spec())
  expect(again.processId).toBe(observation.processId)
  await vm.consoleHas(INSTANCE, 'GUEST-READY')
  await vm.type(INSTANCE, 'cat /sys/class/dmi/id/product_uuid /sys/class/dmi/id/product_serial')
  await vm.consoleHas(INSTANCE, 'ec2a1111-2222-4333-8444-555566667777\r\nec2a1111')
  await vm.type(INSTANCE, 'cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name')
  await vm.consoleHas(INSTANCE, 'Amazon EC2\r\nt3.micro')

  const picture = decode(await vm.driver.screenshot(INSTANCE))
  expect([picture.width, picture.height]).toEqual([720, 400])
  const lit = picture.data.filter((value, at) => at % 4 === 0 && value > 100).length
  expect(lit).toBeGreaterThan(500) // Letters, on a screen that is otherwise black.
  expect(lit).toBeLessThan(720 * 400 * 0.3)

  await vm.driver.stop(INSTANCE, { isForced: false, graceMs: 60_000 })
  expect(isAlive(observation.processId!)).toBe(false)
  expect(vm.observations.at(-1)).toMatchObject({ state: 'stopped', stopReason: 'host-request' })
  expect(states()).toEqual(['starting', 'running', 'stopping', 'stopped'])
  expect(await vm.consoleHas(INSTANCE, 'Power down')).toContain('GUEST-POWER-BUTTON')

  await vm.driver.remove(INSTANCE)
  expect(await vm.driver.list()).toEqual([])
  expect(existsSync(vm.driver.paths(INSTANCE).folder)).toBe(false)
})

test('a guest that does not listen is forced, and a forced stop overtakes a patient one', async () => {
  const { processId } = await vm.driver.start(await vm.spec())
  // Nothing in the guest answers the button yet: it has just begun to boot.
  const patient = vm.driver.stop(INSTANCE, { isForced: false, graceMs: 60_000 })
  const startedAt = performance.now()
  await vm.driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  await patient
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  expect(isAlive(processId!)).toBe(false)
  expect(vm.observations.at(-1)).toMatchObject({ state: 'stopped', stopReason: 'host-forced' })
})

test('a killed QEMU is seen within a second and told as a crash', async () => {
  const { processId } = await vm.driver.start(await vm.spec())
  process.kill(processId!, 'SIGKILL')
  const ms = await vm.observed((one) => one.state === 'crashed')
  expect(ms).toBeLessThan(1_000)
  expect(vm.observations.at(-1)).toMatchObject({
    stopReason: 'process-died',
    detail: expect.stringContaining('QEMU ended'),
  })
  // And it starts again.
  const anew = await vm.driver.start(await vm.spec())
  expect(anew).toMatchObject({ state: 'running' })
  expect(anew.processId).not.toBe(processId)
})

test('the end of a QEMU that could not be written down is told as soon as it can be', async () => {
  const { processId } = await vm.driver.start(await vm.spec())
  const { state, qmpSocket } = vm.driver.paths(INSTANCE)
  // As good as no room: a file does not take the place of a folder.
  await rm(state)
  await mkdir(state)
  process.kill(processId!, 'SIGKILL')
  // The last before the record.
  await poll('a try', 5_000, async () => !existsSync(qmpSocket))
  await systemClock.wait(500)
  await rm(state, { recursive: true })
  await vm.observed((one) => one.state === 'crashed', 10_000)
})

test('machines outlive the driver: the next one adopts, or tells what happened', async () => {
  const processId = await bootToShell()
  let driver = await vm.driverAnew()
  expect(await driver.adoptAll()).toMatchObject([{ state: 'running', processId }])
  await vm.type(INSTANCE, 'echo still-$((40+2))')
  await vm.consoleHas(INSTANCE, 'still-42')

  // The guest powers off while nobody is there.
  await driver.close()
  await vm.type(INSTANCE, 'poweroff -f')
  await vm.consoleHas(INSTANCE, 'Power down')
  driver = await vm.driverAnew()
  await poll('the end of the guest', 10_000, async () => {
    const [one] = await driver.adoptAll()
    return one?.state === 'stopped' && one.stopReason === 'guest-shutdown'
  })
  expect(isAlive(processId)).toBe(false)

  // QEMU is killed while nobody is there.
  const second = await driver.start(await vm.spec())
  await driver.close()
  process.kill(second.processId!, 'SIGKILL')
  await poll('the end of QEMU', 5_000, async () => !isAlive(second.processId!))
  driver = await vm.driverAnew()
  expect(await driver.adoptAll()).toMatchObject([{ state: 'crashed', stopReason: 'process-died' }])
})

test('a guest that powers off by itself is told from one that was asked', async () => {
  await bootToShell()
  await vm.type(INSTANCE, 'poweroff -f')
  await vm.observed((one) => one.state === 'stopped', 20_000)
  expect(vm.observations.at(-1)).toMatchObject({ stopReason: 'guest-shutdown', processId: null })
})

test('a reboot asks the guest, then resets it, and the process stays', async () => {
  const processId = await bootToShell()
  await vm.driver.reboot(INSTANCE, { graceMs: 30_000 })
  const sent = vm.driver.transcript(INSTANCE).filter((one) => one.direction === 'sent')
  expect(sent.some((one) => one.text.includes('send-key'))).toBe(true)
  // The guest did it by itself.
  expect(sent.some((one) => one.text.includes('system_reset'))).toBe(false)
  await vm.driver.reboot(INSTANCE, { graceMs: 0 })
  const [after] = await vm.driver.list()
  expect(after).toMatchObject({ state: 'running', processId })
})

test('disks appear and go while the guest runs, throttled ones too', async () => {
  await bootToShell({ disks: [await volume('a', { isRoot: true })] })
  await vm.type(INSTANCE, 'echo disks=$(ls /sys/block | tr "\\n" ,)')
  await vm.consoleHas(INSTANCE, 'disks=vda,\r')

  const plain = await volume('b')
  // By a name that is taken: as when a guest does not let go of a disk that was detached by force.
  const { deviceName } = plain
  const slow = await volume('c', { deviceName, iopsMax: 100, throughputMaxMiBps: 10 })
  await vm.driver.diskAttach(INSTANCE, plain)
  await vm.driver.diskAttach(INSTANCE, slow)
  await vm.driver.diskAttach(INSTANCE, slow)
  expect((await vm.driver.devices(INSTANCE)).volumeIds).toHaveLength(3)
  await vm.type(INSTANCE, 'sleep 1; grep vd /proc/partitions; cat /sys/block/vdb/serial; echo')
  await vm.consoleHas(INSTANCE, 'vol0000000000000000b')
  expect(await vm.consoleHas(INSTANCE, ' vdc')).toMatch(/1048576 vdb/)
  await vm.type(
    INSTANCE,
    'time dd if=/dev/zero of=/dev/vdc bs=4k count=256 oflag=direct; echo wrote',
  )
  await vm.consoleHas(INSTANCE, '\nwrote')
  const dd = await vm.consoleHas(INSTANCE, 'real')
  // 256 writes at 100 a second; QEMU lets the first second's worth pass at once.
  expect(Number(/real\s+0m ([\d.]+)s/.exec(dd)?.[1])).toBeGreaterThan(1)

  await vm.driver.diskDetach(INSTANCE, plain.volumeId)
  await vm.driver.diskDetach(INSTANCE, plain.volumeId)
  await vm.driver.diskDetach(INSTANCE, slow.volumeId)
  await vm.type(INSTANCE, 'echo now=$(ls /sys/block | tr "\\n" ,)')
  await vm.consoleHas(INSTANCE, 'now=vda,\r')
  // Free again: the file is not locked, and it comes back.
  await exec('qemu-img', ['check', '-q', plain.path])
  await vm.driver.diskAttach(INSTANCE, plain)
  expect((await vm.driver.devices(INSTANCE)).volumeIds).toContain(plain.volumeId)
})

test('a full disk pauses the machine, says so, and room lets it go on', async () => {
  const folder = join(vm.root, 'volumes')
  await mkdir(folder)
  const mount = (...args: string[]) => exec('mount', args)
  await mount('-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder)
  try {
    await bootToShell({ disks: [await volume('a', { isRoot: true })] })
    await vm.type(INSTANCE, 'dd if=/dev/zero of=/dev/vda bs=1M count=32 conv=fsync; echo all=$?')
    await vm.observed((one) => one.state === 'paused' && one.diskErrors !== undefined, 30_000)
    expect(vm.observations.at(-1)!.diskErrors).toEqual({
      'vol-0000000000000000a': 'could not be written: no space is left on the host',
    })
    await mount('-o', 'remount,size=64m', folder)
    expect(await vm.driver.resumeStalled()).toEqual([INSTANCE])
    // Nothing was lost: the guest's write only took long.
    await vm.consoleHas(INSTANCE, 'all=0')
    const [now] = await vm.driver.list()
    expect(now!.state).toBe('running')
    expect(now!.diskErrors).toBeUndefined()
  } finally {
    await vm.driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
    await exec('umount', [folder])
  }
})

test('a machine runs in its namespace, and an interface is plugged into it live', async () => {
  await asOwnUser()
  const namespace = `brume-test-${process.pid}`
  const ip = (...args: string[]) => exec('ip', args)
  await ip('netns', 'add', namespace)
  try {
    for (const tap of ['tap-a', 'tap-b']) {
      await ip('-n', namespace, 'tuntap', 'add', tap, 'mode', 'tap', 'user', '64001')
      await ip('-n', namespace, 'link', 'set', tap, 'up')
    }
    const nic = (digit: string, deviceIndex: number) => ({
      interfaceId: `eni-0000000000000000${digit}` as never,
      deviceIndex,
      mac: `02:00:00:00:00:0${digit}`,
      tapName: `tap-${digit}`,
      mtu: 1500,
    })
    const processId = await bootToShell({ namespace, nics: [nic('a', 0)] })
    // As in a cloud: whoever has no rights any more has the interface plugged in.
    expect(await readFile(`/proc/${processId}/status`, 'utf8')).toMatch(/^CapEff:\s+0+$/m)
    expect((await ip('netns', 'identify', String(processId))).stdout.trim()).toBe(namespace)
    await vm.type(INSTANCE, 'echo macs=$(cat /sys/class/net/eth*/address | tr "\\n" ,)')
    await vm.consoleHas(INSTANCE, 'macs=02:00:00:00:00:0a,\r')
    await vm.driver.nicAttach(INSTANCE, nic('b', 1))
    await vm.type(INSTANCE, 'sleep 1; echo both=$(cat /sys/class/net/eth*/address | tr "\\n" ,)')
    await vm.consoleHas(INSTANCE, 'both=02:00:00:00:00:0a,02:00:00:00:00:0b,\r')
    await vm.driver.nicDetach(INSTANCE, nic('b', 1).interfaceId)
    expect(await vm.driver.devices(INSTANCE)).toEqual({
      volumeIds: [],
      interfaceIds: [nic('a', 0).interfaceId],
    })
  } finally {
    await vm.driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
    await ip('netns', 'del', namespace)
  }
})

test('a start that fails says QEMU’s words and leaves no process', async () => {
  const broken = { mode: 'kernel' as const, kernelPath: '/nowhere', initrdPath: null, append: '' }
  const attempt = vm.driver.start(await vm.spec({ boot: broken }))
  await expect(attempt).rejects.toThrow(/could not (open|load) kernel|\/nowhere/i)
  expect(vm.observations.at(-1)).toMatchObject({ state: 'stopped', stopReason: 'start-failed' })
  expect(existsSync(vm.driver.paths(INSTANCE).qmpSocket)).toBe(false)
  const { stdout } = await exec('ps', ['-eo', 'args'])
  expect(stdout).not.toContain(vm.root)
})

test('CPU and memory limits are the kernel’s, and go with the machine', async () => {
  if (vm.driver.limitations().length > 0) return // Said in `doctor`; nothing to check here.
  const { processId } = await vm.driver.start(await vm.spec({ cpuQuotaPercent: 50 }))
  const groups = await readFile(`/proc/${processId}/cgroup`, 'utf8')
  expect(groups).toContain(`/brume/${INSTANCE}`)
  await vm.driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  expect(existsSync(`/sys/fs/cgroup/cpu/brume/${INSTANCE}`)).toBe(false)
  expect(existsSync(`/sys/fs/cgroup/brume/${INSTANCE}`)).toBe(false)
})

test('a machine outlives an agent that is killed', async () => {
  const script = join(import.meta.dirname, '../support/start-and-die.ts')
  const spec = JSON.stringify(await vm.spec())
  const args = [script, join(vm.root, 'instances'), spec]
  await expect(exec(process.execPath, args)).rejects.toMatchObject({ reason: 'signal' })
  const [adopted] = await vm.driver.adoptAll()
  expect(adopted).toMatchObject({ state: 'running', stopReason: null })
  await vm.consoleHas(INSTANCE, 'GUEST-READY')
  await vm.driver.stop(INSTANCE, { isForced: false, graceMs: 60_000 })
  expect(isAlive(adopted!.processId!)).toBe(false)
})

/** From here on machines are users of their own, as a daemon of root has them. */
async function asOwnUser(): Promise<void> {
  await vm.driver.close()
  vm.driver = await createQemuDriver({
    instancesFolder: join(vm.root, 'instances'),
    probeCachePath: null,
    report: await vm.driver.probe(),
    runAs: () => ({ uid: 64001, gid: 64001 }),
    log: silentLog,
  })
  await chmod(vm.root, 0o711) // mkdtemp's folders are closed; BRUME_HOME is passable.
}

test('QEMU runs as its own user, and disks are still plugged live', async () => {
  await asOwnUser()
  const { driver } = vm
  const processId = await bootToShell({ disks: [await volume('a', { isRoot: true })] })
  const status = await readFile(`/proc/${processId}/status`, 'utf8')
  expect(status).toMatch(/^Uid:\s+64001\s+64001\s+64001\s+64001$/m)
  expect(status).toMatch(/^Groups:\s*(64001)?\s*$/m)
  expect(status).toMatch(/^CapEff:\s+0+$/m)
  await driver.diskAttach(INSTANCE, await volume('b'))
  expect((await driver.screenshot(INSTANCE)).length).toBeGreaterThan(1_000)
})

test('the probe boots a kernel, explains itself, and remembers', async () => {
  const cachePath = join(vm.root, 'probe.json')
  const options = { executable: 'qemu-system-x86_64', cachePath, kernelPath: null, log: silentLog }
  const report = await hypervisorProbe(options)
  expect(report.explanation).toContain('boots a test kernel')
  expect(report.machineType).toMatch(/^pc-q35-\d+\.\d+$/)
  const startedAt = performance.now()
  expect(await hypervisorProbe(options)).toEqual(report)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  const { kernelPath } = await testGuest()
  const byKernel = await hypervisorProbe({ ...options, cachePath: null, kernelPath })
  expect(byKernel.accelerator).toBe(report.accelerator)
})

test('a folder too deep for Unix sockets still works', async () => {
  const deep = join(vm.root, 'x'.repeat(60), 'y'.repeat(60), 'instances')
  const driver = await createQemuDriver({
    instancesFolder: deep,
    probeCachePath: null,
    report: await vm.driver.probe(),
    log: silentLog,
  })
  const observation = await driver.start(await vm.spec())
  expect(observation.state).toBe('running')
  expect(Buffer.byteLength(driver.paths(INSTANCE).qmpSocket)).toBeLessThan(108)
  await driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  await driver.close()
  await rm(dirname(dirname(driver.paths(INSTANCE).qmpSocket)))
})
