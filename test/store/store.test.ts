/**
 * The store's promises, on every database it runs on: compare-and-set, unique claims, references, tokens, isolation.
 * PostgreSQL's address comes from the test runner (BRUME_TEST_POSTGRES_URL); without one its half fails, not skips.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { KeyPair } from '../../src/domain/key-pair.ts'
import type { Volume } from '../../src/domain/volume.ts'
import { openStore, resourceChange } from '../../src/store/sql-store.ts'
import { ClaimTakenError, StaleWriteError, type Store } from '../../src/store/store.ts'

interface Place {
  open(): Promise<Store>
  end(): Promise<void>
}

async function sqlitePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-store-'))
  return {
    open: () => openStore({ path: join(folder, 'brume.db') }),
    end: () => rm(folder, { recursive: true }),
  }
}

/** A database of its own on the runner's server. */
async function postgresPlace(): Promise<Place> {
  const url = process.env.BRUME_TEST_POSTGRES_URL
  if (!url) throw new Error('BRUME_TEST_POSTGRES_URL is not set: run these tests by npm test')
  const name = `store_${randomBytes(6).toString('hex')}`
  await onServer(url, `create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  return {
    open: () => openStore({ path: '', url: own.href }),
    end: () => onServer(url, `drop database ${name} with (force)`),
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  await client.end()
}

const base = { account: '000000000001', region: 'us-east-1', generation: 0, createdAt: 1, tags: {} }

function keyPair(change: Partial<KeyPair> = {}): KeyPair {
  const id = `key-${randomBytes(9).toString('hex').slice(0, 17)}` as KeyPair['id']
  const name = `key ${id}`
  return { ...base, id, name, type: 'rsa', fingerprint: '', publicKey: '', ...change }
}

function volume(change: Partial<Volume> = {}): Volume {
  return {
    ...base,
    id: `vol-${randomBytes(9).toString('hex').slice(0, 17)}` as Volume['id'],
    zone: 'us-east-1a',
    sizeGiB: 1,
    type: 'gp3',
    iops: 3000,
    throughputMiBps: 125,
    isEncrypted: false,
    snapshotId: null,
    intended: 'present',
    isMaterialised: true,
    attachment: null,
    ...change,
  }
}

describe.each([
  ['SQLite', sqlitePlace],
  ['PostgreSQL', postgresPlace],
])('on %s', (_name, makePlace) => {
  let place: Place
  let store: Store
  beforeAll(async () => {
    place = await makePlace()
    store = await place.open()
  })
  afterAll(async () => {
    await store?.close()
    await place?.end()
  })
  beforeEach(async () => {
    await store.transact(async (tx) => {
      for (const kind of ['keyPair', 'volume'] as const) {
        for (const one of await tx.list(kind, {})) await tx.remove(kind, one as never)
      }
    })
  })

  test('what is inserted is read back as it was, with its first generation', async () => {
    const one = keyPair({ tags: { Name: 'ä “quoted” \u{1F511}', empty: '' } })
    const stored = await store.transact((tx) => tx.insert('keyPair', one))
    expect(stored).toEqual({ ...one, generation: 1 })
    expect(await store.get('keyPair', one.id)).toEqual(stored)
    expect(await store.get('keyPair', 'key-00000000')).toBeUndefined()
  })

  test('a write with an old generation changes nothing', async () => {
    const first = await store.transact((tx) => tx.insert('keyPair', keyPair()))
    const second = await store.transact((tx) => tx.update('keyPair', { ...first, type: 'ed25519' }))
    expect(second.generation).toBe(2)
    const late = store.transact((tx) => tx.update('keyPair', { ...first, fingerprint: 'late' }))
    await expect(late).rejects.toThrow(StaleWriteError)
    const remove = store.transact((tx) => tx.remove('keyPair', first))
    await expect(remove).rejects.toThrow(StaleWriteError)
    expect(await store.get('keyPair', first.id)).toEqual(second)
  })

  test('writers that race all get through, one after the other', async () => {
    const one = await store.transact((tx) => tx.insert('volume', volume({ sizeGiB: 1 })))
    const grow = () =>
      store.transact((tx) =>
        resourceChange(tx, 'volume', one.id, (now) => ({ ...now, sizeGiB: now.sizeGiB + 1 })),
      )
    await Promise.all(Array.from({ length: 5 }, grow))
    expect(await store.get('volume', one.id)).toMatchObject({ sizeGiB: 6, generation: 6 })
  })

  test('a name belongs to one, until that one gives it up', async () => {
    const first = await store.transact((tx) => tx.insert('keyPair', keyPair({ name: 'mine' })))
    const again = store.transact((tx) => tx.insert('keyPair', keyPair({ name: 'mine' })))
    await expect(again).rejects.toThrow(ClaimTakenError)
    const elsewhere = keyPair({ name: 'mine', region: 'eu-west-1' })
    await store.transact((tx) => tx.insert('keyPair', elsewhere))
    await store.transact((tx) => tx.remove('keyPair', first))
    await store.transact((tx) => tx.insert('keyPair', keyPair({ name: 'mine' })))
  })

  test('of two that race for a name exactly one gets it', async () => {
    const take = () => store.transact((tx) => tx.insert('keyPair', keyPair({ name: 'wanted' })))
    const results = await Promise.allSettled(Array.from({ length: 6 }, take))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    expect(await store.list('keyPair', {})).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ClaimTakenError)
    }
  })

  test('a failed transaction leaves nothing, not even its claims and tags', async () => {
    const one = keyPair({ name: 'undone', tags: { a: '1' } })
    const failing = store.transact(async (tx) => {
      await tx.insert('keyPair', one)
      await tx.tokenInsert(
        { ...base, operation: 'X', token: 't' },
        { requestHash: 'h', result: '1', createdAt: 1 },
      )
      throw new Error('power cut')
    })
    await expect(failing).rejects.toThrow('power cut')
    expect(await store.get('keyPair', one.id)).toBeUndefined()
    expect(await store.tagsOf(base)).toEqual([])
    expect(await store.token({ ...base, operation: 'X', token: 't' })).toBeUndefined()
    await store.transact((tx) => tx.insert('keyPair', one))
  })

  test('readers outside see nothing of a transaction before its end', async () => {
    const one = keyPair()
    await store.transact(async (tx) => {
      await tx.insert('keyPair', one)
      expect(await tx.get('keyPair', one.id)).toBeDefined()
      expect(await store.get('keyPair', one.id)).toBeUndefined()
    })
    expect(await store.get('keyPair', one.id)).toBeDefined()
  })

  test('lists by owner, region, id and reference, in order of id', async () => {
    const attachment = {
      instanceId: 'i-1234567890abcdef0' as NonNullable<Volume['attachment']>['instanceId'],
      deviceName: '/dev/xvda',
      deleteOnTermination: true,
      attachedAt: 1,
      state: 'attached' as const,
    }
    const attached = volume({ attachment })
    const free = volume()
    const others = volume({ account: '000000000002' })
    const everywhere = volume({ region: '*' })
    const all = [attached, free, others, everywhere]
    await store.transact(async (tx) => {
      for (const one of all) await tx.insert('volume', one)
    })
    const ids = async (query: Parameters<Store['list']>[1]) =>
      (await store.list('volume', query)).map((one) => one.id)
    const sorted = (volumes: Volume[]) => volumes.map((one) => one.id).sort()
    expect(await ids({})).toEqual(sorted(all))
    expect(await ids({ account: base.account, region: base.region })).toEqual(
      sorted([attached, free, everywhere]),
    )
    expect(await ids({ region: 'eu-west-1' })).toEqual([everywhere.id])
    expect(await ids({ ids: [free.id, 'vol-none'] })).toEqual([free.id])
    expect(await ids({ ids: [] })).toEqual([])
    const reference = { name: 'instance', value: attachment.instanceId }
    expect(await ids({ reference })).toEqual([attached.id])
    expect(await store.count('volume', { account: base.account })).toBe(3)
    // References follow the document.
    await store.transact((tx) =>
      resourceChange(tx, 'volume', attached.id, (now) => ({ ...now, attachment: null })),
    )
    expect(await ids({ reference })).toEqual([])
  })

  test('a page has those after an id, and as many as were asked for', async () => {
    const made = Array.from({ length: 7 }, () => volume())
    await store.transact(async (tx) => {
      for (const one of made) await tx.insert('volume', one)
      await tx.insert('volume', volume({ account: '000000000002' }))
    })
    const ids = made.map(({ id }) => id as string).sort()
    const page = async (after: string, count: number) => {
      const found = await store.list('volume', { account: base.account, page: { after, count } })
      return found.map(({ id }) => id)
    }
    expect(await page('', 3)).toEqual(ids.slice(0, 3))
    expect(await page(ids[2]!, 3)).toEqual(ids.slice(3, 6))
    expect(await page(ids[5]!, 3)).toEqual(ids.slice(6))
    expect(await page(ids[6]!, 3)).toEqual([])
  })

  test('a reference may have any of several values', async () => {
    const of = (instanceId: string) =>
      volume({
        attachment: {
          ...{ instanceId, deviceName: '/dev/sdf', deleteOnTermination: false, attachedAt: 1 },
          ...{ state: 'attached' },
        } as Volume['attachment'],
      })
    const [one, two, other] = [of('i-1'), of('i-2'), of('i-3')]
    await store.transact(async (tx) => {
      for (const each of [one!, two!, other!]) await tx.insert('volume', each)
    })
    const found = await store.list('volume', {
      reference: { name: 'instance', value: ['i-1', 'i-2', 'i-4'] },
    })
    expect(found.map(({ id }) => id)).toEqual([one!.id, two!.id].sort())
    expect(await store.list('volume', { reference: { name: 'instance', value: [] } })).toEqual([])
  })

  test('tags follow the document', async () => {
    const one = await store.transact((tx) =>
      tx.insert('keyPair', keyPair({ tags: { a: '1', b: '2' } })),
    )
    await store.transact((tx) => tx.update('keyPair', { ...one, tags: { b: '3', c: '4' } }))
    const rows = await store.tagsOf(base)
    expect(rows.map(({ key, value }) => [key, value])).toEqual([
      ['b', '3'],
      ['c', '4'],
    ])
    expect(await store.tagsOf({ ...base, account: '000000000002' })).toEqual([])
  })

  test('client tokens are kept with what they made, and expire', async () => {
    const key = { ...base, operation: 'RunInstances', token: 'once' }
    const row = { requestHash: 'h', result: '["i-1"]', createdAt: 1_000 }
    await store.transact((tx) => tx.tokenInsert(key, row))
    expect(await store.token(key)).toEqual(row)
    expect(await store.token({ ...key, account: '000000000002' })).toBeUndefined()
    await store.transact((tx) => tx.tokensExpire(1_001))
    expect(await store.token(key)).toBeUndefined()
  })

  test('what was said is there after a new start', async () => {
    const one = await store.transact((tx) => tx.insert('keyPair', keyPair()))
    await store.transact((tx) => tx.settingPut('colour', 'fog'))
    await store.close()
    store = await place.open()
    expect(await store.get('keyPair', one.id)).toEqual(one)
    expect(await store.setting('colour')).toBe('fog')
  })
})
