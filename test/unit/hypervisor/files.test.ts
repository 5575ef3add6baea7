/** Small pure parts and file handling of the driver: process identity, console log, pictures, machine versions. */
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode } from 'jpeg-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cgroupApply, limitsOfMachine, weightOfAll } from '../../../src/hypervisor/qemu/cgroup.ts'
import {
  CONSOLE_BYTES_MAX,
  consoleTail,
  consoleTrim,
  logTail,
  SERIAL_LOG_BYTES_MAX,
} from '../../../src/hypervisor/qemu/console-log.ts'
import { machinePaths, socketRootEnsure } from '../../../src/hypervisor/qemu/layout.ts'
import { newestQ35 } from '../../../src/hypervisor/qemu/probe.ts'
import { processIdentify, startTicksOf } from '../../../src/hypervisor/qemu/process.ts'
import { jpegOf, ppmParse } from '../../../src/hypervisor/qemu/screenshot.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-files-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const STAT_TAIL = '1 1 1 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 3 0 987654 1000 100'

test('a process start time is found behind any name, and a zombie has none', () => {
  expect(startTicksOf(`42 (qemu-system-x86) S ${STAT_TAIL}`)).toBe(987654)
  expect(startTicksOf(`42 (a) b) (c) S ${STAT_TAIL}`)).toBe(987654)
  expect(startTicksOf(`42 (qemu-system-x86) Z ${STAT_TAIL}`)).toBeNull()
})

test('a living process that is not this machine’s QEMU is not identified as such', async () => {
  expect(await processIdentify(process.pid, join(folder, 'qemu.pid'))).toBeNull()
  expect(await processIdentify(2 ** 22 + 1, join(folder, 'qemu.pid'))).toBeNull()
})

test('the console is the last 64 KiB, joined across a trim, and null when there never was one', async () => {
  const log = join(folder, 'serial.log')
  const older = join(folder, 'serial.log.1')
  expect(await consoleTail(log, older)).toBeNull()
  await writeFile(log, Buffer.alloc(SERIAL_LOG_BYTES_MAX, 'a'))
  expect(await consoleTrim(log, older)).toBe(false)
  // QEMU keeps the file open for appending, as here.
  const writer = await open(log, 'a')
  await writer.write('END')
  expect(await consoleTrim(log, older)).toBe(true)
  await writer.write('NEW')
  await writer.close()
  expect((await stat(log)).size).toBe(3)
  const tail = (await consoleTail(log, older))!
  expect(tail.bytes).toHaveLength(CONSOLE_BYTES_MAX)
  expect(Buffer.from(tail.bytes).toString().slice(-8)).toBe('aaENDNEW')
})

test('the words of a run begin where the run began', async () => {
  const log = join(folder, 'qemu.log')
  await writeFile(log, 'old trouble\n')
  expect(await logTail(log, 12)).toBe('')
  await writeFile(log, 'old trouble\nnew trouble\n')
  expect(await logTail(log, 12)).toBe('new trouble')
  expect(await logTail(join(folder, 'none'), 0)).toBe('')
})

test('a PPM becomes a JPEG of the same size and colours', () => {
  const pixels = Buffer.concat(Array.from({ length: 16 * 8 }, () => Buffer.from([200, 30, 30])))
  const picture = ppmParse(Buffer.concat([Buffer.from('P6\n16 8\n255\n'), pixels]))
  const back = decode(jpegOf(picture))
  expect([back.width, back.height]).toEqual([16, 8])
  expect(Math.abs(back.data[0]! - 200)).toBeLessThan(12)
})

test.each([
  ['another format', 'P3\n1 1\n255\n0 0 0'],
  ['fewer pixels than it says', 'P6\n100 100\n255\nabc'],
  ['an absurd size', 'P6\n999999 999999\n255\nabc'],
])('a picture with %s is refused', (_, text) => {
  expect(() => ppmParse(Buffer.from(text))).toThrow('PPM')
})

test('the newest q35 is the newest by number, not by text', () => {
  const help = 'q35   x (alias of pc-q35-10.1)\npc-q35-9.2   x\npc-q35-10.1   x\npc-q35-2.12  x\n'
  expect(newestQ35(help)).toBe('pc-q35-10.1')
  expect(() => newestQ35('none')).toThrow('q35')
})

test('sockets of a deep folder get a short address', async () => {
  const deep = join(folder, 'x'.repeat(100), 'instances')
  const id = 'i-0123456789abcdef0' as never
  expect(await socketRootEnsure(folder)).toBe(folder)
  const root = await socketRootEnsure(deep)
  const paths = machinePaths(deep, root, id)
  expect(Buffer.byteLength(paths.serialSocket)).toBeLessThan(108)
  expect(paths.serialLog.startsWith(deep)).toBe(true)
  expect(await socketRootEnsure(deep)).toBe(root)
  await rm(root)
})

test('limits leave room for QEMU itself', () => {
  expect(limitsOfMachine({ vcpus: 2, memoryMiB: 1024, cpuQuotaPercent: null })).toEqual({
    // Two vCPUs, and what moves their blocks and packets.
    cpuPercent: 300,
    cpuWeight: 2,
    memoryBytes: (1_024 + 256 + 64 + 256) * 1024 * 1024,
  })
  // Who allows a machine more translated code lets it keep it, too.
  const generous = limitsOfMachine({ vcpus: 2, memoryMiB: 1024, cpuQuotaPercent: null }, 1_024)
  expect(generous.memoryBytes).toBe((1_024 + 1_280 + 256) * 1024 * 1024)
  expect(limitsOfMachine({ vcpus: 2, memoryMiB: 512, cpuQuotaPercent: 40 }).cpuPercent).toBe(40)
})

const TINY_SPEC = { vcpus: 1, memoryMiB: 512, cpuQuotaPercent: null }

test.each([
  { version: 2 as const, file: 'cpu.weight', one: 100 },
  { version: 1 as const, file: 'cpu.shares', one: 1024 },
])('living machines together weigh as much as each by itself (version $version)', async (of) => {
  const { version, file, one } = of
  const root = folder
  const abilities =
    version === 2
      ? { version, root, limitations: [] }
      : { version, cpuRoot: root, memoryRoot: null, limitations: [] }
  const weight = async (path: string) => Number(await readFile(join(root, path, file), 'utf8'))
  for (const [name, vcpus] of Object.entries({ 'i-1': 1, 'i-2': 4 })) {
    const limits = limitsOfMachine({ vcpus, memoryMiB: 512, cpuQuotaPercent: null })
    await cgroupApply(abilities, name, process.pid, limits)
    expect(await weight(name)).toBe(vcpus * one)
  }
  // With a weight of one process for all, a machine of many would get nothing on a busy host.
  expect(await weight('.')).toBe(weightOfAll([one, 4 * one], one, availableParallelism()))
  // What a killed daemon left weighs nothing.
  await writeFile(join(root, 'i-2', 'cgroup.procs'), '')
  await cgroupApply(abilities, 'i-1', process.pid, limitsOfMachine(TINY_SPEC))
  expect(await weight('.')).toBe(one)
})

test('many machines weigh no more than two processes for each processor: the daemon keeps its part', () => {
  expect(weightOfAll([], 100, 4)).toBe(100)
  expect(weightOfAll([100, 400], 100, 4)).toBe(500)
  expect(weightOfAll(Array(100).fill(100), 100, 4)).toBe(800)
})
