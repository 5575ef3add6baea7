/** A control plane on simulated hosts and a store of its own, for tests of use cases without the API in front. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSimulatedAgent, type SimulatedOptions } from '../../src/agent/simulated-agent.ts'
import { startApp, type RunningApp } from '../../src/app/app.ts'
import type { Ctx } from '../../src/app/context.ts'
import type { RunRequest } from '../../src/app/instances/run-request.ts'
import { defaultNetworkEnsure } from '../../src/app/network/default-network.ts'
import type { ImageId, SnapshotId } from '../../src/domain/ids.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { openStore } from '../../src/store/sql-store.ts'

export const TINY = 'ami-0123456789abcdef0' as ImageId
export const ACCOUNT = '000000000001'

export async function startTestApp(simulated: Partial<SimulatedOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'brume-test-'))
  const store = await openStore({ path: join(folder, 'brume.db') })
  const agent = createSimulatedAgent({ hostId: 'host-1', clock: systemClock, ...simulated })
  const app = await startApp({ store, agents: [agent], log: silentLog })
  await defaultNetworkEnsure(app, ACCOUNT, 'us-east-1')
  await imageInsert(app)
  const close = async (): Promise<void> => {
    await app.close()
    await rm(folder, { recursive: true })
  }
  return { app, agent, ctx: ctxOf(app), close }
}

export function ctxOf(app: RunningApp, account = ACCOUNT): Ctx {
  return {
    app,
    account,
    region: 'us-east-1',
    principal: { type: 'root', arn: `arn:aws:iam::${account}:root`, id: account, accessKeyId: 'A' },
    requestId: 'test',
    requestHash: 'test',
  }
}

export async function imageInsert(app: RunningApp): Promise<void> {
  const base = { account: '000000000000', region: '*', generation: 0, createdAt: 1, tags: {} }
  const snapshotId = 'snap-0123456789abcdef0' as SnapshotId
  await app.store.transact(async (tx) => {
    await tx.insert('snapshot', {
      ...base,
      id: snapshotId,
      description: '',
      sizeGiB: 1,
      source: { imageFolder: 'tiny', file: 'disk.qcow2' },
      volumeId: 'vol-ffffffff',
      ownerAlias: 'amazon',
      isPublic: true,
    })
    await tx.insert('image', {
      ...base,
      id: TINY,
      name: 'brume-tiny-test',
      description: '',
      ownerAlias: 'amazon',
      isPublic: true,
      architecture: 'x86_64',
      platform: null,
      rootDeviceName: '/dev/xvda',
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          snapshotId,
          sizeGiB: 1,
          type: 'gp3',
          iops: null,
          throughputMiBps: null,
          deleteOnTermination: true,
          isEncrypted: false,
        },
      ],
      bootMode: 'legacy-bios',
      imageFolder: 'tiny',
      defaultUser: 'ec2-user',
      imdsSupport: null,
      deregisteredAt: null,
      deprecatedAt: null,
      launchPermissions: [],
      family: 'tiny',
    })
  })
}

export function runRequest(change: Partial<RunRequest> = {}): RunRequest {
  return {
    imageId: TINY,
    instanceType: 't3.micro',
    minCount: 1,
    maxCount: 1,
    clientToken: null,
    keyName: null,
    userData: null,
    interfaces: [
      {
        deviceIndex: 0,
        interfaceId: null,
        subnetId: null,
        groupIds: [],
        groupNames: [],
        privateAddress: null,
        hasPublicAddress: null,
        deleteOnTermination: true,
        description: '',
      },
    ],
    zone: null,
    blockDevices: [],
    tags: { instance: {}, volume: {}, networkInterface: {} },
    metadata: { isEnabled: true, areTokensRequired: false, hopLimit: 1, areTagsEnabled: false },
    hostnameType: null,
    cpu: null,
    options: {
      shutdownBehavior: 'stop',
      isTerminationProtected: false,
      isStopProtected: false,
      isMonitored: false,
      isEbsOptimized: false,
      isHibernationEnabled: false,
      iamInstanceProfileArn: null,
      tenancy: 'default',
      cpuCredits: null,
      autoRecovery: 'default',
    },
    ...change,
  }
}
