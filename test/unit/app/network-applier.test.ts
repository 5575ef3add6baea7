/** The applier of networks: nobody's change is missed when calls meet, and many hosts read each thing once. */
import { expect, test, vi } from 'vitest'
import type { HostAgent } from '../../../src/agent/protocol.ts'
import type { App, HostHandle } from '../../../src/app/context.ts'
import {
  createNetworkApplier,
  readerKept,
  readerOnce,
} from '../../../src/app/reconcilers/network.ts'
import type { StoreReader } from '../../../src/store/store.ts'

/** A store without instances that counts and numbers its reads. */
function countingReader() {
  const reads: string[] = []
  const reader = {
    get: async (kind: string, id: string) => void reads.push(`${kind} ${id}`),
    list: async (kind: string, query: object) => {
      reads.push(`${kind} ${JSON.stringify(query)}`)
      return []
    },
  } as unknown as StoreReader
  return { reader, reads }
}

function hostOf(networkEnsure: HostAgent['networkEnsure']): HostHandle {
  const agent = { networkEnsure } as HostAgent
  return { agent, description: { hostId: 'host-1' } as HostHandle['description'] }
}

test('each thing is read once, however many ask', async () => {
  const { reader, reads } = countingReader()
  const once = readerOnce(reader)
  const query = { reference: { name: 'vpc', value: 'vpc-1' } }
  await Promise.all([once.list('subnet', query), once.list('subnet', query), once.get('vpc', 'a')])
  await once.list('subnet', { reference: { name: 'vpc', value: 'vpc-2' } })
  await once.get('vpc', 'a')
  expect(reads).toHaveLength(3)
})

test('a call that comes while one is applied gets an application of its own, read after it', async () => {
  const { reader, reads } = countingReader()
  const gate = Promise.withResolvers<void>()
  let applied = 0
  const host = hostOf(async () => {
    applied++
    if (applied === 1) await gate.promise
  })
  const apply = createNetworkApplier({ bandwidth: {} } as App, reader)
  const first = apply(host)
  await vi.waitFor(() => expect(applied).toBe(1))
  const each = reads.length
  expect(each).toBeGreaterThan(0)
  // One pass over all hosts, asked before a change, and one call after it, share what follows: with the later reader.
  const older = countingReader()
  const pass = apply(host, readerOnce(older.reader))
  const single = apply(host)
  gate.resolve()
  await Promise.all([first, pass, single])
  expect(applied).toBe(2)
  expect(reads).toHaveLength(2 * each)
  expect(older.reads).toHaveLength(0)
})

test('of what was read before only what another generation has is read again', async () => {
  const records = new Map(['a', 'b', 'c'].map((id) => [id, { id, generation: 1, body: 'old' }]))
  const reads: string[][] = []
  const store = {
    versions: async () => [...records.values()].map(({ id, generation }) => ({ id, generation })),
    list: async (_kind: string, { ids = [] }: { ids?: string[] }) => {
      if (ids.length > 0) reads.push(ids)
      return ids.flatMap((id) => records.get(id) ?? [])
    },
  } as unknown as StoreReader
  const kept = readerKept(store)
  const query = { reference: { name: 'host', value: 'host-1' } }
  const first = await kept.list('instance', query)
  expect(first.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  records.set('b', { id: 'b', generation: 2, body: 'new' })
  records.delete('c')
  const second = await kept.list('instance', query)
  expect(second).toEqual([records.get('a'), records.get('b')])
  expect(second[0]).toBe(first[0])
  expect(reads).toEqual([['a', 'b', 'c'], ['b']])
})
