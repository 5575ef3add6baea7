/**
 * The store over SQL, the same code for SQLite and PostgreSQL. SQLite: one writer connection behind a queue
 * (`begin immediate`), one reader connection that sees committed state. PostgreSQL: a pool, serialisable
 * transactions, retried when they collide.
 */
import { sql, type Transaction } from 'kysely'
import type { ResourceTypes, StoredKind } from '../domain/resource-types.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import { referencesRenew } from './renew.ts'
import { migrate, openPostgres, openSqlite, type Connection, type Database } from './database.ts'
import { createReader } from './reader.ts'
import { StaleWriteError, type Store, type StoreTransaction } from './store.ts'
import { createTransaction } from './writer.ts'

/** Collisions between writers resolve in a try or two; more means a bug. */
const ATTEMPTS_MAX = 8

/** Opens (and creates or upgrades) the store. `url` undefined: SQLite at `path`. */
export async function openStore(options: { path: string; url?: string }): Promise<Store> {
  return options.url ? openOnPostgres(options.url) : openOnSqlite(options.path)
}

async function openOnSqlite(path: string): Promise<Store> {
  const writer = openSqlite(path, false)
  await migrate(writer)
  await referencesRenew(writer)
  const reader = openSqlite(path, true)
  const mutex = createKeyedMutex()
  return {
    ...createReader(reader),
    transact: (work) =>
      retried(() =>
        mutex.run('writer', () =>
          writer.connection().execute(async (connection) => {
            await sql`begin immediate`.execute(connection)
            try {
              const result = await work(createTransaction(connection))
              await sql`commit`.execute(connection)
              return result
            } catch (error) {
              await sql`rollback`.execute(connection)
              throw error
            }
          }),
        ),
      ),
    close: async () => {
      await mutex.run('writer', async () => {})
      await reader.destroy()
      await writer.destroy()
    },
  }
}

async function openOnPostgres(url: string): Promise<Store> {
  const connection: Connection = openPostgres(url)
  await migrate(connection)
  await referencesRenew(connection)
  return {
    ...createReader(connection),
    transact: (work) =>
      retried(() =>
        connection
          .transaction()
          .setIsolationLevel('serializable')
          .execute((tx: Transaction<Database>) => work(createTransaction(tx))),
      ),
    close: () => connection.destroy(),
  }
}

/** SQLSTATE of serialisation failures and deadlocks (PostgreSQL, appendix A). */
const COLLISIONS = new Set(['40001', '40P01'])

async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt()
    } catch (error) {
      const code = (error as { code?: string }).code ?? ''
      const isCollision = error instanceof StaleWriteError || COLLISIONS.has(code)
      if (!isCollision || n >= ATTEMPTS_MAX) throw error
    }
  }
}

/** Reads a resource and writes what `change` makes of it; undefined leaves it as it is. */
export async function resourceChange<K extends StoredKind>(
  tx: StoreTransaction,
  kind: K,
  id: string,
  change: (resource: ResourceTypes[K]) => ResourceTypes[K] | undefined,
): Promise<ResourceTypes[K] | undefined> {
  const found = await tx.get(kind, id)
  if (!found) return undefined
  const changed = change(found)
  return changed ? tx.update(kind, changed) : found
}
