/** Writes of the store within one transaction: the document and everything derived from it move together. */
import type { ResourceTypes, StoredKind } from '../domain/resource-types.ts'
import type { Connection } from './database.ts'
import { KINDS } from './kinds.ts'
import type { KindRules } from './kind-rules.ts'
import { createReader } from './reader.ts'
import { ClaimTakenError, StaleWriteError, type StoreTransaction } from './store.ts'

/** Rows in one insert: SQLite's limit of variables, generously kept. */
const ROWS_PER_INSERT_MAX = 1_000

export function createTransaction(db: Connection): StoreTransaction {
  const rulesOf = <K extends StoredKind>(kind: K) => KINDS[kind] as KindRules<ResourceTypes[K]>

  const derive = async <K extends StoredKind>(
    kind: K,
    before: ResourceTypes[K] | undefined,
    after: ResourceTypes[K] | undefined,
  ): Promise<void> => {
    const rules = rulesOf(kind)
    const id = (after ?? before)!.id
    await replaceRows(
      before ? rules.references(before) : [],
      after ? rules.references(after) : [],
      (row) => `${row.name}\0${row.value}`,
      (row) =>
        db
          .deleteFrom('reference')
          .where('kind', '=', kind)
          .where('name', '=', row.name)
          .where('value', '=', row.value)
          .where('id', '=', id)
          .execute(),
      (rows) =>
        db
          .insertInto('reference')
          .values(rows.map((row) => ({ kind, name: row.name, value: row.value, id })))
          .execute(),
    )
    await replaceRows(
      before ? rules.claims(before) : [],
      after ? rules.claims(after) : [],
      (row) => `${row.scope}\0${row.name}`,
      (row) =>
        db
          .deleteFrom('claim')
          .where('scope', '=', row.scope)
          .where('name', '=', row.name)
          .where('holder', '=', id)
          .execute(),
      (rows) => claimAll(db, id, rows),
    )
    await replaceRows(
      Object.entries(before?.tags ?? {}),
      Object.entries(after?.tags ?? {}),
      ([key, value]) => `${key}\0${value}`,
      ([key]) =>
        db.deleteFrom('tag').where('resource_id', '=', id).where('key', '=', key).execute(),
      (rows) =>
        db
          .insertInto('tag')
          .values(
            rows.map(([key, value]) => ({
              resource_id: id,
              kind,
              account: after!.account,
              region: after!.region,
              key,
              value,
            })),
          )
          .execute(),
    )
  }

  const transaction: StoreTransaction = {
    ...createReader(db),
    insert: async (kind, resource) => {
      const stored = { ...resource, generation: 1 }
      await db.insertInto('resource').values(rowOf(kind, stored)).execute()
      await derive(kind, undefined, stored)
      return stored
    },
    update: async (kind, resource) => {
      const before = await transaction.get(kind, resource.id)
      if (!before || before.generation !== resource.generation) {
        throw new StaleWriteError(kind, resource.id)
      }
      const stored = { ...resource, generation: resource.generation + 1 }
      const result = await db
        .updateTable('resource')
        .set({ generation: stored.generation, body: JSON.stringify(stored) })
        .where('kind', '=', kind)
        .where('id', '=', resource.id)
        .where('generation', '=', resource.generation)
        .executeTakeFirst()
      if (Number(result.numUpdatedRows) !== 1) throw new StaleWriteError(kind, resource.id)
      await derive(kind, before, stored)
      return stored
    },
    remove: async (kind, resource) => {
      const result = await db
        .deleteFrom('resource')
        .where('kind', '=', kind)
        .where('id', '=', resource.id)
        .where('generation', '=', resource.generation)
        .executeTakeFirst()
      if (Number(result.numDeletedRows) !== 1) throw new StaleWriteError(kind, resource.id)
      await derive(kind, resource, undefined)
    },
    tokenInsert: async (key, row) => {
      await db
        .insertInto('client_token')
        .values({
          account: key.account,
          region: key.region,
          operation: key.operation,
          token: key.token,
          request_hash: row.requestHash,
          result: row.result,
          created_at: row.createdAt,
        })
        .execute()
    },
    tokensExpire: async (before) => {
      await db.deleteFrom('client_token').where('created_at', '<', before).execute()
    },
    settingPut: async (name, value) => {
      await db
        .insertInto('setting')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute()
    },
  }
  return transaction
}

function rowOf<K extends StoredKind>(kind: K, resource: ResourceTypes[K]) {
  return {
    kind,
    id: resource.id,
    account: resource.account,
    region: resource.region,
    generation: resource.generation,
    body: JSON.stringify(resource),
  }
}

/** Deletes the rows that went and inserts those that came; equal rows are left alone. */
async function replaceRows<Row>(
  before: readonly Row[],
  after: readonly Row[],
  keyOf: (row: Row) => string,
  remove: (row: Row) => Promise<unknown>,
  insert: (rows: Row[]) => Promise<unknown>,
): Promise<void> {
  const kept = new Set(before.map(keyOf))
  const wanted = new Map(after.map((row) => [keyOf(row), row]))
  for (const row of before) if (!wanted.has(keyOf(row))) await remove(row)
  const added = [...wanted].filter(([key]) => !kept.has(key)).map(([, row]) => row)
  for (let i = 0; i < added.length; i += ROWS_PER_INSERT_MAX) {
    await insert(added.slice(i, i + ROWS_PER_INSERT_MAX))
  }
}

async function claimAll(
  db: Connection,
  holder: string,
  rows: { scope: string; name: string }[],
): Promise<void> {
  const inserted = await db
    .insertInto('claim')
    .values(rows.map((row) => ({ ...row, holder })))
    .onConflict((conflict) => conflict.columns(['scope', 'name']).doNothing())
    .returning(['scope', 'name'])
    .execute()
  if (inserted.length === rows.length) return
  const got = new Set(inserted.map((row) => `${row.scope}\0${row.name}`))
  const taken = rows.find((row) => !got.has(`${row.scope}\0${row.name}`))!
  throw new ClaimTakenError(taken.scope, taken.name)
}
