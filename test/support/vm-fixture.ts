/**
 * What tests of the driver share: a folder, a driver, a spec, waiting for a line on the console, and evidence
 * (console, QMP transcript, command line, QEMU's log) kept in test-artifacts/ when a test fails.
 */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InstanceId } from '../../src/domain/ids.ts'
import type { MachineObservation, VmSpec } from '../../src/domain/machine.ts'
import { createQemuDriver, type QemuDriver } from '../../src/hypervisor/qemu/driver.ts'
import { writeFileDurable } from '../../src/lib/fs-durable.ts'
import { silentLog } from '../../src/lib/log.ts'
import { testGuest } from './test-guest.ts'

export interface VmFixture {
  root: string
  driver: QemuDriver
  observations: MachineObservation[]
  spec(changes?: Partial<VmSpec>): Promise<VmSpec>
  /** Ends the driver object, not the machines, and makes a new one. */
  driverAnew(): Promise<QemuDriver>
  /** Resolves with the whole console once it contains the text. */
  consoleHas(instanceId: InstanceId, text: string, timeoutMs?: number): Promise<string>
  /** Types a line into the serial console. */
  type(instanceId: InstanceId, line: string): Promise<void>
  observed(matches: (one: MachineObservation) => boolean, timeoutMs?: number): Promise<number>
  keepEvidence(testName: string): Promise<void>
  close(): Promise<void>
}

export const INSTANCE = 'i-0123456789abcdef0' as InstanceId

/** Emulated guests on a busy machine; a guest alone is ready after 3 s. */
const BOOT_TIMEOUT_MS = 90_000

export async function createVmFixture(): Promise<VmFixture> {
  const root = await mkdtemp(join(tmpdir(), 'brume-vm-'))
  const observations: MachineObservation[] = []
  const make = async (): Promise<QemuDriver> => {
    const driver = await createQemuDriver({
      instancesFolder: join(root, 'instances'),
      probeCachePath: join(tmpdir(), 'brume-test-cache', 'probe.json'),
      log: silentLog,
    })
    driver.subscribe((one) => void observations.push(one))
    return driver
  }
  await mkdir(join(tmpdir(), 'brume-test-cache'), { recursive: true })
  const fixture: VmFixture = {
    root,
    driver: await make(),
    observations,
    spec: async (changes) => specOf(await testGuest(), changes),
    driverAnew: async () => {
      await fixture.driver.close()
      fixture.driver = await make()
      return fixture.driver
    },
    consoleHas: async (instanceId, text, timeoutMs = BOOT_TIMEOUT_MS) => {
      const read = async (): Promise<string> => {
        const console = await fixture.driver.consoleOutput(instanceId)
        return Buffer.from(console?.bytes ?? []).toString()
      }
      await poll(`"${text}" on the console`, timeoutMs, async () => (await read()).includes(text))
      return read()
    },
    type: (instanceId, line) => serialWrite(fixture.driver.paths(instanceId).serialSocket, line),
    observed: async (matches, timeoutMs = 5_000) => {
      const startedAt = performance.now()
      await poll('an observation', timeoutMs, async () => observations.some(matches))
      return performance.now() - startedAt
    },
    keepEvidence: (testName) => keepEvidence(fixture, testName),
    close: async () => {
      await fixture.driver.adoptAll()
      for (const one of await fixture.driver.list()) {
        await fixture.driver.stop(one.instanceId, { isForced: true, graceMs: 0 })
      }
      await fixture.driver.close()
      await rm(root, { recursive: true, force: true })
    },
  }
  return fixture
}

function specOf(
  guest: Awaited<ReturnType<typeof testGuest>>,
  changes: Partial<VmSpec> = {},
): VmSpec {
  return {
    instanceId: INSTANCE,
    uuid: 'ec2a1111-2222-4333-8444-555566667777',
    instanceType: 't3.micro',
    architecture: 'x86_64',
    vcpus: 1,
    coresPerSocket: 1,
    threadsPerCore: 1,
    memoryMiB: 192,
    boot: { mode: 'kernel', ...guest },
    disks: [],
    nics: [],
    namespace: null,
    cpuQuotaPercent: null,
    pinned: null,
    ...changes,
  }
}

export async function poll(
  what: string,
  timeoutMs: number,
  check: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function serialWrite(path: string, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path })
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.end(`${line}\n`)
    socket.resume()
  })
}

async function keepEvidence(fixture: VmFixture, testName: string): Promise<void> {
  const folder = join('test-artifacts', 'vm', testName.replaceAll(/[^a-z0-9]+/gi, '-'))
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await cp(join(fixture.root, 'instances'), folder, {
    recursive: true,
    filter: (path) => !path.endsWith('.sock'),
  })
  const transcript = fixture.driver.transcript(INSTANCE)
  await writeFileDurable(join(folder, 'qmp.json'), JSON.stringify(transcript, null, 1))
  await writeFileDurable(join(folder, 'seen.json'), JSON.stringify(fixture.observations, null, 1))
}
