/** The real composition with identities: who may ask the host itself, and what outlives the daemon. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetSessionTokenCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { IAMClient } from '@aws-sdk/client-iam'
import { expect, test } from 'vitest'
import { createSimulatedAgent } from '../../src/agent/simulated-agent.ts'
import { hostApi } from '../../src/cli/host-api.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { startCloud } from '../../src/main/cloud.ts'
import { openHome } from '../../src/main/home.ts'
import { rootCredentials } from '../../src/main/secrets.ts'
import { allow, keysOf, userMake, type Keys } from '../support/iam.ts'

test('only root may ask the host; keys and sessions outlive the daemon', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'brume-composition-'))
  const home = await openHome(folder)
  const root = await rootCredentials(home)
  const shutdowns: object[] = []
  const start = () =>
    startCloud({
      home,
      root,
      agents: [createSimulatedAgent({ hostId: 'host-1', clock: systemClock })],
      auth: 'strict',
      host: '127.0.0.1',
      port: 0,
      log: silentLog,
      imageJobs: () => ({
        list: async () => [],
        run: async () => {
          throw new Error('no images are made here')
        },
      }),
      shutdown: (options) => void shutdowns.push(options),
    })
  const { region } = root
  let cloud = await start()
  const clientOf = (credentials: Keys) => ({ endpoint: cloud.server.url, region, credentials })
  const who = async (credentials: Keys) =>
    (await new STSClient(clientOf(credentials)).send(new GetCallerIdentityCommand({}))).Arn
  const hostOf = (credentials: Keys) => {
    const { url: endpoint, port } = cloud.server
    return hostApi({ endpoint, port, credentials: { ...root, ...credentials } })
  }
  try {
    const admin = await userMake(new IAMClient(clientOf(root)), 'admin', allow('*'))
    const sts = new STSClient(clientOf(admin))
    const session = keysOf((await sts.send(new GetSessionTokenCommand({}))).Credentials!)
    expect((await hostOf(root).host()).isSimulated).toBe(true)
    await expect(hostOf(admin).host()).rejects.toThrow(/only the root key may ask the host/)
    await expect(hostOf(admin).shutdown()).rejects.toThrow(/only the root key/)
    // Who makes a gateway reaches the host's own hypervisor: that is root's to allow.
    await expect(hostOf(admin).gatewayKey()).rejects.toThrow(/only the root key/)
    expect((await hostOf(root).gatewayKey()).key).toMatch(/^[A-Z0-9]{5}(-[A-Z0-9]{5}){4}$/)
    expect(await hostOf(root).gatewaySshKey()).toContain('ssh-ed25519')
    expect(shutdowns).toEqual([])
    await cloud.close()
    cloud = await start()
    const arn = `arn:aws:iam::${root.account}:user/admin`
    expect(await who(admin)).toBe(arn)
    expect(await who(session)).toBe(arn)
  } finally {
    await cloud.close()
    await rm(folder, { recursive: true })
  }
})
