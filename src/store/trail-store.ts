/**
 * The trail of calls in a file of its own (`trail.db`), apart from the records, as metrics are: to note a call makes
 * no writer of records wait. Written in batches; what is written outlives a crash of the daemon. Bounded in time as on
 * AWS and in size: the oldest events go first.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { TRAIL_KEPT_MS, type TrailEvent, type TrailQuery } from '../domain/trail.ts'
import { inTransaction, sideFileBytes, sideFileOpen } from './side-file.ts'

export interface TrailStore {
  put(events: readonly TrailEvent[]): void
  /** Numbers of the events, the youngest first; at most `limit`. */
  find(query: TrailQuery, limit: number): number[]
  read(numbers: readonly number[]): TrailEvent[]
  /** Lets old events go, and more of the oldest while the file is too large. */
  age(now: number): void
  close(): void
}

/** Some 150,000 calls. */
const BYTES_MAX_DEFAULT = 256 * 1024 * 1024
/** What goes at once when the file is too large: a tenth. */
const AGED_SHARE = 10

const SCHEMA = `
  create table if not exists event (seq integer primary key autoincrement, id text not null unique,
    account text not null, region text not null, at integer not null, name text not null, source text not null,
    read_only integer not null, user_name text not null, access_key text not null, resources text not null,
    record text not null);
  create index if not exists event_by_place on event (account, region, seq);
  create index if not exists event_by_age on event (at);
  create table if not exists resource (account text not null, name text not null, event integer not null,
    type text not null, primary key (account, name, event, type)) without rowid;
  create index if not exists resource_by_event on resource (event);
`

const COLUMNS = {
  EventId: 'id',
  EventName: 'name',
  EventSource: 'source',
  Username: 'user_name',
  AccessKeyId: 'access_key',
} as const

export function openTrailStore(path: string, options: { bytesMax?: number } = {}): TrailStore {
  const db = sideFileOpen(path, { schema: SCHEMA, cacheKiB: 4_000 })
  const insert = db.prepare(
    `insert or ignore into event (id, account, region, at, name, source, read_only, user_name, access_key,
       resources, record) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const about = db.prepare('insert or ignore into resource values (?, ?, ?, ?)')
  const get = db.prepare('select * from event where seq = ?')
  return {
    put: (events) =>
      inTransaction(db, () => {
        for (const event of events) putOne({ insert, about }, event)
      }),
    find: (query, limit) => find(db, query, limit),
    read: (numbers) =>
      numbers.flatMap((number) => {
        const row = get.get(number)
        return row ? [eventOf(row)] : []
      }),
    age: (now) => {
      remove(db, 'at < ?', now - TRAIL_KEPT_MS)
      if (sideFileBytes(db) > (options.bytesMax ?? BYTES_MAX_DEFAULT)) {
        const oldest = 'seq <= (select min(seq) + (max(seq) - min(seq)) / ? from event)'
        remove(db, oldest, AGED_SHARE)
      }
    },
    close: () => db.close(),
  }
}

function putOne(to: { insert: StatementSync; about: StatementSync }, event: TrailEvent): void {
  const { account, resources } = event
  const { changes, lastInsertRowid } = to.insert.run(
    event.id,
    account,
    event.region,
    event.at,
    event.name,
    event.source,
    Number(event.isReadOnly),
    event.userName,
    event.accessKeyId,
    JSON.stringify(resources),
    event.record,
  )
  if (changes === 0) return
  for (const { type, name } of resources) to.about.run(account, name, lastInsertRowid, type)
}

function find(db: DatabaseSync, query: TrailQuery, limit: number): number[] {
  const conditions = ['account = ?', 'region = ?']
  const values: (string | number)[] = [query.account, query.region]
  const and = (condition: string, ...more: (string | number)[]): void => {
    conditions.push(condition)
    values.push(...more)
  }
  if (query.from !== undefined) and('at >= ?', query.from)
  if (query.to !== undefined) and('at <= ?', query.to)
  const { only } = query
  if (only?.attribute === 'ReadOnly') and('read_only = ?', only.value === 'true' ? 1 : 0)
  else if (only?.attribute === 'ResourceName') {
    and('seq in (select event from resource where account = ? and name = ?)')
    values.push(query.account, only.value)
  } else if (only?.attribute === 'ResourceType') {
    and('exists (select 1 from resource where event = seq and type = ?)', only.value)
  } else if (only) and(`${COLUMNS[only.attribute]} = ?`, only.value)
  const text = `select seq from event where ${conditions.join(' and ')} order by seq desc limit ?`
  return db
    .prepare(text)
    .all(...values, limit)
    .map((row) => Number(row['seq']))
}

function remove(db: DatabaseSync, which: string, value: number): void {
  inTransaction(db, () => {
    db.prepare(`delete from resource where event in (select seq from event where ${which})`).run(
      value,
    )
    db.prepare(`delete from event where ${which}`).run(value)
  })
}

function eventOf(row: Record<string, unknown>): TrailEvent {
  const text = (name: string): string => String(row[name])
  return {
    id: text('id'),
    account: text('account'),
    region: text('region'),
    at: Number(row['at']),
    name: text('name'),
    source: text('source'),
    isReadOnly: row['read_only'] === 1,
    userName: text('user_name'),
    accessKeyId: text('access_key'),
    resources: JSON.parse(text('resources')) as TrailEvent['resources'],
    record: text('record'),
  }
}
