/** Queries of the store, on any connection: committed state from outside, the transaction's own from within. */
import type { ResourceTypes, StoredKind } from '../domain/resource-types.ts'
import type { Connection } from './database.ts'
import type { ListQuery, StoreReader } from './store.ts'

/** Ids in one `in (…)` list; SQLite allows 32,766 variables. */
const IDS_PER_QUERY_MAX = 5_000

export function createReader(db: Connection): StoreReader {
  const select = (kind: StoredKind, query: ListQuery) => {
    let q = db.selectFrom('resource').where('resource.kind', '=', kind)
    if (query.account !== undefined) q = q.where('resource.account', '=', query.account)
    if (query.region !== undefined) q = q.where('resource.region', 'in', [query.region, '*'])
    if (query.ids !== undefined) q = q.where('resource.id', 'in', [...query.ids])
    const { reference } = query
    if (reference) {
      q = q.where('resource.id', 'in', (eb) =>
        eb
          .selectFrom('reference')
          .select('reference.id')
          .where('reference.kind', '=', kind)
          .where('reference.name', '=', reference.name)
          .where('reference.value', 'in', [reference.value].flat()),
      )
    }
    return q
  }
  const reader: StoreReader = {
    get: async (kind, id) => {
      const row = await db
        .selectFrom('resource')
        .select('body')
        .where('kind', '=', kind)
        .where('id', '=', id)
        .executeTakeFirst()
      return row && parse<typeof kind>(row.body)
    },
    list: async (kind, query) => {
      if (query.ids && query.ids.length > IDS_PER_QUERY_MAX) {
        const half = query.ids.slice(0, IDS_PER_QUERY_MAX)
        const rest = query.ids.slice(IDS_PER_QUERY_MAX)
        const parts = [
          ...(await reader.list(kind, { ...query, ids: half })),
          ...(await reader.list(kind, { ...query, ids: rest })),
        ]
        return parts.sort((a, b) => (a.id < b.id ? -1 : 1))
      }
      if (query.ids?.length === 0 || query.reference?.value.length === 0) return []
      const { page, ...all } = query
      if (page) {
        // From the index alone; what is sorted has no bodies.
        const found = await select(kind, all)
          .select('resource.id')
          .where('resource.id', '>', page.after)
          .orderBy('resource.id')
          .limit(page.count)
          .execute()
        return reader.list(kind, { ids: found.map(({ id }) => id) })
      }
      const rows = await select(kind, query).select('body').orderBy('resource.id').execute()
      return rows.map((row) => parse<typeof kind>(row.body))
    },
    versions: async (kind, query) => {
      const rows = await select(kind, query)
        .select(['resource.id', 'resource.generation'])
        .orderBy('resource.id')
        .execute()
      return rows.map(({ id, generation }) => ({ id, generation: Number(generation) }))
    },
    count: async (kind, query) => {
      const row = await select(kind, query)
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      return Number(row.count)
    },
    tally: async (kind, reference) => {
      const rows = await db
        .selectFrom('reference')
        .select(['value', (eb) => eb.fn.countAll<number>().as('count')])
        .where('kind', '=', kind)
        .where('name', '=', reference)
        .groupBy('value')
        .execute()
      return rows.map(({ value, count }) => ({ value, count: Number(count) }))
    },
    claimsOf: async (scope) => {
      const rows = await db.selectFrom('claim').select('name').where('scope', '=', scope).execute()
      return new Set(rows.map((row) => row.name))
    },
    isClaimed: async (scope, name) => {
      const row = await db
        .selectFrom('claim')
        .select('name')
        .where('scope', '=', scope)
        .where('name', '=', name)
        .executeTakeFirst()
      return row !== undefined
    },
    tagsOf: async ({ account, region }) => {
      const rows = await db
        .selectFrom('tag')
        .select(['resource_id', 'kind', 'key', 'value'])
        .where('account', '=', account)
        .where('region', 'in', [region, '*'])
        .orderBy('resource_id')
        .orderBy('key')
        .execute()
      return rows.map((row) => ({
        resourceId: row.resource_id,
        kind: row.kind as StoredKind,
        key: row.key,
        value: row.value,
      }))
    },
    token: async (key) => {
      const row = await db
        .selectFrom('client_token')
        .select(['request_hash', 'result', 'created_at'])
        .where('account', '=', key.account)
        .where('region', '=', key.region)
        .where('operation', '=', key.operation)
        .where('token', '=', key.token)
        .executeTakeFirst()
      return (
        row && {
          requestHash: row.request_hash,
          result: row.result,
          createdAt: row.created_at,
        }
      )
    },
    settingNames: async (prefix) => {
      const rows = await db.selectFrom('setting').select('name').orderBy('name').execute()
      return rows.map(({ name }) => name).filter((name) => name.startsWith(prefix))
    },
    setting: async (name) => {
      const row = await db
        .selectFrom('setting')
        .select('value')
        .where('name', '=', name)
        .executeTakeFirst()
      return row?.value
    },
  }
  return reader
}

function parse<K extends StoredKind>(body: string): ResourceTypes[K] {
  return JSON.parse(body) as ResourceTypes[K]
}
