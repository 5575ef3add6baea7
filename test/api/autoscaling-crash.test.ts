/**
 * The daemon dies at every write of a group's launch, replacement, shrinking and deletion, and of a warm pool's use,
 * before and after it is durable. What starts again upon the same records has as many instances as are wanted: never
 * one too many, none lost.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSimulatedAgent } from '../../src/agent/simulated-agent.ts'
import { createSimulatedVolumes } from '../../src/agent/simulated-volumes.ts'
import { startApp, type RunningApp } from '../../src/app/app.ts'
import { desiredCapacitySet, groupCreate, groupDelete } from '../../src/app/autoscaling/groups.ts'
import { templateChosen } from '../../src/app/autoscaling/group-check.ts'
import { linkedRoleArn } from '../../src/app/autoscaling/scope.ts'
import { memberTerminate } from '../../src/app/autoscaling/members.ts'
import { poolPut } from '../../src/app/autoscaling/warm-pools.ts'
import { defaultNetworkEnsure } from '../../src/app/network/default-network.ts'
import { templateCreate } from '../../src/app/launch-templates.ts'
import { ec2Launches } from '../../src/aws/ec2/launches.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { openStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { ACCOUNT, ctxOf, imageInsert, TINY } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'

/** More writes than anything here takes; a run that is not through by then would never be. */
const WRITES_MAX = 80
const REGION = 'us-east-1'

let folder: string
let real: Store
let app: RunningApp
/** Writes until death; null: it lives. */
let writesLeft: number | null
let isAfter: boolean
let isDead: boolean
let died: PromiseWithResolvers<void>
let agent: ReturnType<typeof createSimulatedAgent>

beforeEach(async () => {
  total = null
  folder = await mkdtemp(join(tmpdir(), 'brume-scaling-'))
  real = await openStore({ path: join(folder, 'brume.db') })
  const volumes = createSimulatedVolumes()
  agent = createSimulatedAgent({ hostId: 'host-1', clock: systemClock, volumes })
  await begin()
  await defaultNetworkEnsure(app, ACCOUNT, REGION)
  await imageInsert(app)
  const data = { ImageId: TINY, InstanceType: 't3.micro' }
  const template = { name: 'web', clientToken: null, tags: {}, description: null, data }
  await templateCreate(ctxOf(app), template)
})
afterEach(async () => {
  writesLeft = null
  isDead = false
  await app.close()
  await real.close()
  await rm(folder, { recursive: true })
})

/** A daemon upon the same records and the same host, whose machines live on. */
async function begin(): Promise<void> {
  writesLeft = null
  isDead = false
  died = Promise.withResolvers<void>()
  app = await startApp({
    store: mortal(),
    agents: [{ ...agent, close: async () => {} }],
    log: silentLog,
    launches: ec2Launches,
    sealKey: Buffer.alloc(32, 7),
  })
}

function mortal(): Store {
  const alive = <T>(work: () => Promise<T>): Promise<T> =>
    isDead ? Promise.reject(new Error('dead')) : work()
  return {
    ...real,
    get: (kind, id) => alive(() => real.get(kind, id)),
    list: (kind, query) => alive(() => real.list(kind, query)),
    transact: (work) =>
      alive(async () => {
        if (writesLeft === null || writesLeft-- > 0) return real.transact(work)
        isDead = true
        died.resolve()
        if (isAfter) await real.transact(work)
        throw new Error('dead')
      }),
    close: async () => {},
  }
}

const live = async () => (await real.list('instance', {})).filter((one) => one.releasedAt === null)
const wanted = async () => (await live()).filter((one) => one.intended.state === 'running')
const serving = async () =>
  (await real.list('scalingInstance', {})).filter(({ state }) => state === 'InService')

/** Of the group, with those that are ready in its warm pool. */
let total: number | null

async function isAt(count: number): Promise<boolean> {
  const [all, members] = [await live(), await real.list('scalingInstance', {})]
  const most = total ?? count
  if (all.length !== most || members.length !== most) return false
  const ready = members.filter(({ isWarmed, state }) => isWarmed && state === 'Stopped')
  return (await serving()).length === count && ready.length === most - count
}

/** Lets it die at the first write, the second, … of what `start` begins, until it is through before that. */
async function atEveryWrite(step: {
  start: () => Promise<unknown>
  count: number
  back: () => Promise<void>
}): Promise<number> {
  for (let writes = 0; writes < WRITES_MAX; writes++) {
    for (isAfter of [false, true]) {
      await step.start()
      writesLeft = writes
      const through = eventually(() => isAt(step.count), Boolean).then(() => true)
      const isThrough = await Promise.race([through, died.promise.then(() => false)])
      through.catch(() => {})
      if (!isThrough) {
        await app.close()
        // Whatever had been written, there are never more than are wanted.
        expect((await wanted()).length).toBeLessThanOrEqual(2)
        await begin()
      }
      writesLeft = null
      await eventually(() => isAt(step.count), Boolean, 20_000)
      await app.settled()
      expect(await isAt(step.count)).toBe(true)
      const open = (await real.list('scalingActivity', {})).filter((one) => one.endedAt === null)
      expect(open).toEqual([])
      await step.back()
      if (isThrough && isAfter) return writes
    }
  }
  throw new Error('it was never through')
}

async function groupMake(desired: number): Promise<void> {
  const template = await templateChosen(ctxOf(app), { id: null, name: 'web', version: null })
  await groupCreate(ctxOf(app), {
    name: 'g',
    configuration: {
      min: 0,
      max: 2,
      desired,
      launch: { type: 'template', template },
      cooldownSeconds: 0,
      zones: ['us-east-1a'],
      subnetIds: [],
      hasElbHealthCheck: false,
      graceSeconds: 0,
      placementGroup: null,
      terminationPolicies: ['Default'],
      areNewProtected: false,
      isCapacityRebalanced: false,
      roleArn: linkedRoleArn(ACCOUNT),
      maxLifetimeSeconds: null,
      context: null,
      warmupSeconds: null,
      maintenance: null,
      deletionProtection: 'none',
    },
    tags: [],
    hooks: [],
    targetGroupArns: [],
  })
}

const desiredIs = async (desired: number): Promise<void> => {
  await desiredCapacitySet(ctxOf(app), 'g', desired, false)
}
const settled = (count: number) => eventually(() => isAt(count), Boolean, 20_000)

test('growing', { timeout: 120_000 }, async () => {
  await groupMake(0)
  const writes = await atEveryWrite({
    start: () => desiredIs(2),
    count: 2,
    back: async () => {
      await desiredIs(0)
      await settled(0)
    },
  })
  expect(writes).toBeGreaterThan(3)
})

test('replacing one that ends', { timeout: 120_000 }, async () => {
  await groupMake(1)
  await settled(1)
  let ended = ''
  const writes = await atEveryWrite({
    start: async () => {
      ended = (await serving())[0]!.id
      await memberTerminate(ctxOf(app), ended, { isDecrementing: false })
    },
    count: 1,
    back: async () => expect((await serving())[0]!.id).not.toBe(ended),
  })
  expect(writes).toBeGreaterThan(3)
})

test('shrinking, and a deletion by force', { timeout: 120_000 }, async () => {
  await groupMake(1)
  await settled(1)
  const shrunk = await atEveryWrite({
    start: () => desiredIs(0),
    count: 0,
    back: async () => {
      await desiredIs(1)
      await settled(1)
    },
  })
  expect(shrunk).toBeGreaterThan(2)
  const deleted = await atEveryWrite({
    start: () => groupDelete(ctxOf(app), 'g', true),
    count: 0,
    back: async () => {
      await eventually(
        () => real.list('scalingGroup', {}),
        (all) => all.length === 0,
      )
      await groupMake(1)
      await settled(1)
    },
  })
  expect(deleted).toBeGreaterThan(1)
})

test('a warm pool that is taken from and given back to', { timeout: 120_000 }, async () => {
  await groupMake(0)
  await poolPut(ctxOf(app), 'g', { isReused: true })
  total = 2
  await settled(0)
  const taken = await atEveryWrite({
    start: () => desiredIs(1),
    count: 1,
    back: async () => {
      await desiredIs(0)
      await settled(0)
    },
  })
  expect(taken).toBeGreaterThan(3)
  await desiredIs(1)
  await settled(1)
  const returned = await atEveryWrite({
    start: () => desiredIs(0),
    count: 0,
    back: async () => {
      await desiredIs(1)
      await settled(1)
    },
  })
  expect(returned).toBeGreaterThan(3)
})
