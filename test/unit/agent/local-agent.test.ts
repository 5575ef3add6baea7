/** Making disks ahead of a start must never touch those of a machine that has begun to run. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLibvirtConnector } from '../../../src/connectors/libvirt/connector.ts'
import { createLocalAgent } from '../../../src/agent/local-agent.ts'
import type { HostAgent } from '../../../src/agent/protocol.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { systemClock } from '../../../src/lib/time.ts'
import { eventually } from '../../support/eventually.ts'
import { createFakeDriver, fakeObservation, type FakeDriver } from '../../support/fake-driver.ts'
import {
  createFakeTemplates,
  createFakeVolumes,
  imageWrite,
  machineOf,
  PLAN,
  storedTemplate,
  type FakeVolumes,
} from '../../support/frozen.ts'

let home: string
let driver: FakeDriver
let volumes: FakeVolumes
let agent: HostAgent
const SPEC = machineOf()
const VOLUME = SPEC.disks[0]!.volumeId

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'brume-agent-'))
  await imageWrite(home)
  driver = createFakeDriver()
  volumes = createFakeVolumes()
  agent = await createLocalAgent({
    balancers: { apply: async () => {}, status: async () => [] },
    home,
    describe: () => Promise.reject(new Error('not described')),
    driver,
    networks: {
      apply: async () => {},
      spareTap: async () => {},
      onReachability: () => () => {},
      close: async () => {},
    },
    volumes,
    templates: createFakeTemplates(home),
    log: silentLog,
    clock: systemClock,
    stopGraceMs: 0,
    connectors: { libvirt: createLibvirtConnector({ home, log: silentLog }) },
  })
  await agent.networkEnsure([PLAN])
})
afterEach(async () => {
  await agent.close()
  // What the agent was writing when it was closed may still appear.
  await rm(home, { recursive: true, maxRetries: 10, retryDelay: 50 })
})

test('a new machine’s disk is there before it is started', async () => {
  await agent.machinePrepare(SPEC)
  expect(volumes.files.get(VOLUME)?.backing?.path).toBe(storedTemplate(home).files.disk)
  expect(driver.calls).toEqual([])
})

test('a machine that is being started is not prepared again', async () => {
  const held = Promise.withResolvers<void>()
  driver.onStart = () => held.promise
  await agent.machinePrepare(SPEC)
  await agent.machineEnsure(SPEC)
  await eventually(
    () => driver.started.length,
    (count) => count === 1,
  )
  await agent.machinePrepare({ ...SPEC, generation: 2 })
  expect(volumes.deleted).toEqual([])
  held.resolve()
})

test('a machine that a former daemon started, and died before it wrote so down, keeps its disk', async () => {
  const source = { path: storedTemplate(home).files.disk, format: 'qcow2' as const }
  await volumes.ensure({ volumeId: VOLUME, sizeGiB: 1, source })
  driver.machines.set(SPEC.instanceId, fakeObservation(SPEC.instanceId, 'running'))
  await agent.machinePrepare(SPEC)
  expect(volumes.deleted).toEqual([])
})
