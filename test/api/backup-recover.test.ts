/** The worst day: a cloud that is empty gets a vault and its key, lists all that is in it, and restores it. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recoveredTable } from '../../src/cli/verbs/backup.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { VaultKeyFile } from '../../src/app/backup/owner.ts'
import { openVault } from '../../src/backup/open-vault.ts'
import type { VaultPlace } from '../../src/domain/backup.ts'
import { exec } from '../../src/lib/exec.ts'
import { backupDoor } from '../../src/main/backup-door.ts'
import type { Home } from '../../src/main/home.ts'
import { backupKit, instanceArn, volumeArn } from '../support/backup-kit.ts'
import { ACCOUNT, REGION, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { running } from '../support/launch.ts'
import { volumeKit } from '../support/volume-kit.ts'

let root: string
let cloud: TestCloud
let isClosed: boolean
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-recover-'))
  cloud = await cloudAt('first')
  isClosed = false
})
afterEach(async () => {
  if (!isClosed) await cloud.close()
  await rm(root, { recursive: true, force: true })
})

const cloudAt = (name: string): Promise<TestCloud> =>
  startTestCloud({ simulated: { vaultsFolder: join(root, name, 'vaults') } })
const scope = { account: ACCOUNT, region: REGION }
const doorOf = (of: TestCloud, name: string) =>
  backupDoor(of.app, { root: join(root, name) } as Home)

test('a vault and its key are enough', async () => {
  const { volume, write } = volumeKit(() => cloud)
  const kit = backupKit(() => cloud)
  await kit.vault('mine')
  const id = await volume({ Size: 2 })
  write(id, 3, 'three')
  const ofVolume = await kit.backUp(volumeArn(id), 'mine')
  const instanceId = await running(cloud.ec2)
  const ofInstance = await kit.backUp(instanceArn(instanceId), 'mine')
  const key = (await doorOf(cloud, 'first').call('key', scope, { vault: 'mine' })) as VaultKeyFile
  expect(key).toMatchObject({ name: 'mine', location: null, account: ACCOUNT })
  await cloud.close()
  isClosed = true

  const empty = await cloudAt('second')
  try {
    const door = doorOf(empty, 'second')
    const folder = join(root, 'first', 'vaults', key.vaultId)
    const wrong = { ...key, key: Buffer.alloc(32, 1).toString('base64') }
    await expect(door.call('recover', scope, { key: wrong, folder })).rejects.toThrow()
    await expect(door.call('recover', scope, { key: { a: 1 }, folder })).rejects.toThrow()
    const other = { key, folder: join(root, 'none') }
    await expect(door.call('recover', scope, other)).rejects.toThrow()
    const found = await door.call('recover', scope, { key, folder })
    expect(found).toMatchObject({ vaultName: 'mine', pointCount: 2, newPointCount: 2 })
    const said = found as Parameters<typeof recoveredTable>[0]
    expect(recoveredTable(said)).toMatch(/POINT +TIME +OF +DISKS\n/)
    expect(recoveredTable(said)).toMatch(/ vol-[0-9a-f]{17} +\S+ [12](?:\.0)? GiB\n/)
    // Again, it adds nothing.
    expect(await door.call('recover', scope, { key, folder })).toMatchObject({ newPointCount: 0 })

    const there = backupKit(() => empty)
    const points = await there.points('mine')
    const arns = points.map((point) => point.RecoveryPointArn)
    expect(arns.sort()).toEqual([ofVolume.RecoveryPointArn, ofInstance.RecoveryPointArn].sort())
    const restored = await there.restore('mine', ofVolume.RecoveryPointArn!)
    expect(restored).toMatchObject({ Status: 'COMPLETED' })
    const made = restored.CreatedResourceArn!.split('/')[1]!
    expect(empty.agent.storage.read(made, 3)).toBe('three')
    // Its network is gone with the old cloud: it comes into what is here.
    const here = { VpcId: '', SubnetId: '', SecurityGroupIds: '[]' }
    const machine = await there.restore('mine', ofInstance.RecoveryPointArn!, here)
    expect(machine).toMatchObject({ Status: 'COMPLETED', ResourceType: 'EC2' })
    expect(await door.call('verify', scope, { vault: 'mine' })).toMatchObject({ damaged: [] })
    expect(await door.call('nothing', scope, {})).toBeUndefined()
  } finally {
    await empty.close()
  }
})

test('points that say what none of ours do become no records, and the others are there', async () => {
  const { volume, write } = volumeKit(() => cloud)
  const kit = backupKit(() => cloud)
  await kit.vault('mine')
  const id = await volume()
  write(id, 1, 'one')
  const good = await kit.backUp(volumeArn(id), 'mine')
  const key = (await doorOf(cloud, 'first').call('key', scope, { vault: 'mine' })) as VaultKeyFile
  await cloud.close()
  isClosed = true

  // Whoever has the key can write into the vault what it likes.
  const folder = join(root, 'first', 'vaults', key.vaultId)
  const place = { vaultId: key.vaultId, key: key.key, location: { type: 'folder', path: folder } }
  const folders = { vaultsFolder: root, cacheFolder: join(root, 'cache') }
  const vault = await openVault(place as VaultPlace, folders)
  const [known] = await vault.points()
  const said = known!.description['point'] as object
  const volumes = known!.description['volumes']
  const bad: Record<string, object> = {
    unsaid: { volumes },
    type: { volumes, point: { ...said, resourceType: 'S3' } },
    arn: { volumes, point: { ...said, resourceArn: 'arn:aws:s3:::bucket' } },
    days: { volumes, point: { ...said, lifecycle: { coldAfterDays: null, deleteAfterDays: 'x' } } },
    tags: { volumes, tags: { a: { b: 1 } }, point: said },
    by: { volumes, point: { ...said, createdBy: { planId: { toString: null } } } },
    empty: { point: said },
    volumes: { volumes: [null], point: said },
    machine: {
      point: { ...said, resourceType: 'EC2', resourceArn: instanceArn('i-1234567890abcdef0') },
    },
  }
  for (const [pointId, description] of Object.entries(bad)) {
    const request = {
      pointId,
      basePointId: null,
      createdAt: 1,
      disks: [],
      description: { ...description },
    }
    await vault.backup(request, { signal: new AbortController().signal })
  }
  await vault.close()

  const empty = await cloudAt('second')
  try {
    const found = await doorOf(empty, 'second').call('recover', scope, { key, folder })
    const count = 1 + Object.keys(bad).length
    expect(found).toMatchObject({ pointCount: count, newPointCount: 1 })
    const points = await backupKit(() => empty).points('mine')
    expect(points.map((point) => point.RecoveryPointArn)).toEqual([good.RecoveryPointArn])
  } finally {
    await empty.close()
  }
})

test('a disk of a point becomes a file of this host', async () => {
  const { volume, write } = volumeKit(() => cloud)
  const kit = backupKit(() => cloud)
  await kit.vault('mine')
  const id = await volume()
  write(id, 3, 'three')
  const { RecoveryPointArn: point } = await kit.backUp(volumeArn(id), 'mine')
  const door = doorOf(cloud, 'first')
  const raw = (await door.call('export', scope, { point, format: 'raw' })) as { path: string }
  expect(raw).toMatchObject({ sizeBytes: 1024 ** 3, disk: id })
  expect(raw.path).toMatch(new RegExp(`/exports/backups/[0-9a-f-]{36}/${id}\\.raw$`))
  const { size, blocks } = await stat(raw.path)
  expect(size).toBe(1024 ** 3)
  expect(blocks * 512).toBeLessThan(1024 ** 2)
  expect(await readFile(raw.path)).toSatisfy((bytes: Buffer) => bytes.includes('three'))
  const qcow2 = (await door.call('export', scope, { point, disk: id })) as { path: string }
  await exec('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', qcow2.path, raw.path])
  expect(await door.call('export', scope, { point, disk: id })).toEqual(qcow2)
  for (const words of [{ point, format: 'iso' }, { point, disk: '../x' }, { point: 'none' }]) {
    await expect(door.call('export', scope, words)).rejects.toThrow()
  }
})

test('locations are registered with their secret sealed, and listed without it', async () => {
  const door = doorOf(cloud, 'first')
  const secretAccessKey = 'a-secret-that-nobody-sees'
  const add = {
    name: 'away',
    endpoint: 'https://s3.example.org',
    locationRegion: 'eu-west-1',
    bucket: 'backups',
    prefix: 'brume/',
    accessKeyId: 'AKIA',
  }
  expect(await door.call('location-add', scope, { ...add, secretAccessKey })).toEqual({
    name: 'away',
  })
  const bad = { ...add, secretAccessKey, endpoint: 'file:///etc' }
  await expect(door.call('location-add', scope, bad)).rejects.toThrow()
  const { locationRegion: region, ...rest } = add
  expect(await door.call('locations', scope, {})).toEqual({ locations: [{ ...rest, region }] })
  const stored = await cloud.app.store.setting('backup-location:away')
  expect(stored).not.toContain(secretAccessKey)
})
