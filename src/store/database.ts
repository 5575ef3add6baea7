/**
 * The two databases behind the store, as Kysely sees them: SQLite inside Node (one file, WAL, fsync at every commit)
 * and PostgreSQL. Both get the same schema from here; the differences are the dialect and the numeric types.
 */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Kysely, PostgresDialect, SqliteDialect, sql } from 'kysely'
import pg from 'pg'

export interface Database {
  resource: {
    kind: string
    id: string
    account: string
    region: string
    generation: number
    body: string
  }
  reference: { kind: string; name: string; value: string; id: string }
  claim: { scope: string; name: string; holder: string }
  tag: {
    resource_id: string
    kind: string
    account: string
    region: string
    key: string
    value: string
  }
  client_token: {
    account: string
    region: string
    operation: string
    token: string
    request_hash: string
    result: string
    created_at: number
  }
  setting: { name: string; value: string }
}

export type Connection = Kysely<Database>

/** How long a writer waits for another process's lock (a second daemon on the same file is refused earlier). */
const BUSY_TIMEOUT_MS = 5_000

/** A connection to the SQLite file; `isReader` opens it for committed reads only. */
export function openSqlite(path: string, isReader: boolean): Connection {
  if (!isReader) ownersOnly(path)
  const handle = new DatabaseSync(path, { readOnly: isReader, timeout: BUSY_TIMEOUT_MS })
  if (!isReader) handle.exec('pragma journal_mode = wal; pragma synchronous = full')
  handle.exec('pragma foreign_keys = on; pragma cache_size = -16000')
  return new Kysely<Database>({ dialect: new SqliteDialect({ database: sqliteView(handle) }) })
}

/** Kysely's SQLite driver wants `prepare(sql)` with `reader`, `all`, `run`, `iterate`; node:sqlite nearly has it. */
/**
 * Accounts, keys and user data are in it, and others may pass through its folder. What SQLite makes beside a database
 * has the database's mode; what an earlier version made is put right.
 */
function ownersOnly(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file)) chmodSync(file, 0o600)
  }
}

function sqliteView(handle: DatabaseSync) {
  const cache = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  const STATEMENTS_MAX = 200
  const prepared = (text: string) => {
    let statement = cache.get(text)
    if (!statement) {
      statement = handle.prepare(text)
      if (cache.size < STATEMENTS_MAX) cache.set(text, statement)
    }
    return statement
  }
  return {
    close: () => handle.close(),
    prepare: (text: string) => {
      const statement = prepared(text)
      type Values = Parameters<typeof statement.all>
      return {
        reader: statement.columns().length > 0,
        all: (values: readonly unknown[]) => statement.all(...(values as Values)),
        run: (values: readonly unknown[]) => statement.run(...(values as Values)),
        iterate: (values: readonly unknown[]) =>
          statement.iterate(...(values as Values)) as IterableIterator<never>,
      }
    },
  }
}

/** Connections to PostgreSQL; more than a single control plane ever uses at once. */
const POSTGRES_CONNECTIONS_MAX = 16

export function openPostgres(url: string): Connection {
  const types = {
    // bigint (times, generations) fits a double for the next 200,000 years.
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === 20 ? Number : pg.types.getTypeParser(oid, format as 'text'),
  }
  const pool = new pg.Pool({ connectionString: url, max: POSTGRES_CONNECTIONS_MAX, types })
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
}

/** Steps of the schema, in order; one more is added for each change, none is ever edited. */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `create table resource (kind text not null, id text not null, account text not null,
      region text not null, generation bigint not null, body text not null, primary key (kind, id))`,
    'create index resource_by_owner on resource (kind, account, region, id)',
    `create table reference (kind text not null, name text not null, value text not null,
      id text not null, primary key (kind, name, value, id))`,
    'create index reference_by_id on reference (kind, id)',
    `create table claim (scope text not null, name text not null, holder text not null,
      primary key (scope, name))`,
    'create index claim_by_holder on claim (holder)',
    `create table tag (resource_id text not null, kind text not null, account text not null,
      region text not null, key text not null, value text not null, primary key (resource_id, key))`,
    'create index tag_by_owner on tag (account, region, key)',
    `create table client_token (account text not null, region text not null,
      operation text not null, token text not null, request_hash text not null,
      result text not null, created_at bigint not null,
      primary key (account, region, operation, token))`,
    'create table setting (name text primary key, value text not null)',
  ],
]

/** Brings the schema to the newest version; each step is one transaction. Safe to repeat. */
export async function migrate(connection: Connection): Promise<void> {
  await sql`create table if not exists schema_version (version bigint primary key)`.execute(
    connection,
  )
  const found = await sql<{ version: number | null }>`
    select max(version) as version from schema_version`.execute(connection)
  const version = Number(found.rows[0]?.version ?? 0)
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < version) continue
    await connection.transaction().execute(async (tx) => {
      for (const statement of statements) await sql.raw(statement).execute(tx)
      await sql`insert into schema_version (version) values (${index + 1})`.execute(tx)
    })
  }
}
