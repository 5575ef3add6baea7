/**
 * Metrics in a file of their own (`metrics.db`), apart from the records: what is lost of them in a power cut is a
 * minute's worth, so that they wait for no fsync of each write. Bounded: values age into coarser ones as on AWS, and
 * when there are more rows than the limit, earlier. Writes go in slices, so that ten thousand machines do not hold up
 * the daemon.
 */
import { setImmediate } from 'node:timers/promises'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { sketchRead, sketchWrite, type Sketch } from '../domain/metrics/sketch.ts'
import {
  dimensionsText,
  RETENTION,
  type Bucket,
  type Sample,
  type SeriesKey,
  spreadOf,
  summaryAdd,
  type Summary,
} from '../domain/metrics/metric.ts'
import { inTransaction, sideFileBytes, sideFileOpen } from './side-file.ts'

export interface SeriesFound extends SeriesKey {
  lastAt: number
}

export interface MetricStore {
  put(samples: readonly Sample[]): Promise<void>
  /** Buckets of `period` seconds that have values, in order; only `unit` if it is given. */
  read(series: SeriesKey, range: ReadRange): Bucket[]
  /** Of one account and region, ordered, at most `limit`, after `after`. */
  seriesFind(query: SeriesQuery): { id: number; series: SeriesFound }[]
  /** Lets values age. Call now and then; `now` in milliseconds. */
  age(now: number): Promise<void>
  /** Of the file, without what is free in it. */
  bytes(): number
  close(): void
}

export interface ReadRange {
  from: number
  to: number
  period: number
  unit?: string | null
  /** Also how the values are spread. */
  hasSpread?: boolean
}

export interface SeriesQuery {
  account: string
  region: string
  namespace?: string | undefined
  name?: string | undefined
  /** A value of undefined: any. */
  dimensions?: readonly { name: string; value?: string | undefined }[]
  activeSince?: number
  after: number
  limit: number
}

/** Some 15 million values: 10,000 machines for most of a day, or 50 for the whole of AWS's times. */
const BYTES_MAX_DEFAULT = 1024 ** 3
const SLICE_ROWS = 2_000
const SERIES_CACHED_MAX = 300_000
/** However full it is, times are not shortened by more. */
const AGE_FACTOR_MIN = 1 / 4096

const SCHEMA = `
  create table if not exists series (id integer primary key, account text not null, region text not null,
    namespace text not null, name text not null, dimensions text not null, last_at integer not null,
    unique (account, region, namespace, name, dimensions));
  create table if not exists point (series integer not null, resolution integer not null, start integer not null,
    unit text not null, count real not null, sum real not null, min real not null, max real not null,
    sketch blob,
    primary key (series, start, resolution, unit)) without rowid;
  create index if not exists point_by_age on point (resolution, start);
`

const ADD = `
  insert into point (series, resolution, start, unit, count, sum, min, max, sketch)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict do update set count = count + excluded.count, sum = sum + excluded.sum,
    min = min(min, excluded.min), max = max(max, excluded.max), sketch = sketch_add(count, min, max, sketch,
      excluded.count, excluded.min, excluded.max, excluded.sketch)
`

export function openMetricStore(path: string, options: { bytesMax?: number } = {}): MetricStore {
  const db = sideFileOpen(path, { schema: SCHEMA, cacheKiB: 16_000 })
  sketchesPrepare(db)
  const statements = prepare(db)
  const ids = new Map<string, number>()
  const idBy = (statement: StatementSync, series: SeriesKey): number | undefined => {
    const dimensions = dimensionsText(series.dimensions)
    const { account, region, namespace, name } = series
    const key = [account, region, namespace, name, dimensions].join('\n')
    const known = ids.get(key)
    if (known !== undefined) return known
    const row = statement.get(account, region, namespace, name, dimensions)
    if (row === undefined) return undefined
    if (ids.size >= SERIES_CACHED_MAX) ids.clear()
    const id = Number(row['id'])
    ids.set(key, id)
    return id
  }
  const idFind = (series: SeriesKey): number | undefined => idBy(statements.seriesGet, series)
  const idOf = (series: SeriesKey): number => idBy(statements.seriesEnsure, series)!
  const putSlice = (samples: readonly Sample[]): void => {
    const work = (): void => {
      for (const { series, unit, at, resolution, count, sum, min, max, sketch } of samples) {
        const id = idOf(series)
        const start = Math.floor(at / 1000 / resolution) * resolution
        statements.add.run(id, resolution, start, unit ?? '', count, sum, min, max, written(sketch))
        statements.touch.run(start, id, start)
      }
    }
    // Ids of series that were not made after all are given to others.
    inTransaction(db, work, () => ids.clear())
  }
  const bytes = (): number => sideFileBytes(db)
  return {
    put: async (samples) => {
      for (let at = 0; at < samples.length; at += SLICE_ROWS) {
        if (at > 0) await setImmediate()
        putSlice(samples.slice(at, at + SLICE_ROWS))
      }
    },
    read: (series, range) => {
      const id = idFind(series)
      if (id === undefined) return []
      return bucketsOf(range.hasSpread ? statements.readSpread : statements.read, id, range)
    },
    seriesFind: (query) => seriesFind(db, query),
    bytes,
    age: async (now) => {
      let factor = 1
      await ageBy(db, now, factor)
      while (bytes() > (options.bytesMax ?? BYTES_MAX_DEFAULT) && factor > AGE_FACTOR_MIN) {
        factor /= 2
        await ageBy(db, now, factor)
      }
      // Ids are given anew to series that come back.
      ids.clear()
      db.exec(
        'delete from series where not exists (select 1 from point where point.series = series.id)',
      )
    },
    close: () => db.close(),
  }
}

type Statements = Record<
  'seriesEnsure' | 'seriesGet' | 'add' | 'touch' | 'read' | 'readSpread',
  StatementSync
>

function prepare(db: DatabaseSync): Statements {
  return {
    seriesGet: db.prepare(
      `select id from series where account = ? and region = ? and namespace = ? and name = ?
         and dimensions = ?`,
    ),
    seriesEnsure: db.prepare(
      `insert into series (account, region, namespace, name, dimensions, last_at) values (?, ?, ?, ?, ?, 0)
       on conflict do update set last_at = last_at returning id`,
    ),
    add: db.prepare(ADD),
    touch: db.prepare('update series set last_at = ? where id = ? and last_at < ?'),
    read: db.prepare(readOf('')),
    readSpread: db.prepare(readOf(', sketch_sum(count, min, max, sketch) as sketch')),
  }
}

function readOf(more: string): string {
  return `select start / cast(? as integer) * cast(? as integer) as bucket, unit, sum(count) as count,
      sum(sum) as sum, min(min) as min, max(max) as max${more}
    from point where series = ? and start >= ? and start < ?
    group by bucket, unit order by bucket`
}

const written = (sketch: Sketch | null | undefined): Uint8Array | null =>
  sketch ? sketchWrite(sketch) : null

type Column = number | Uint8Array | null

/** Nothing is written of values that are all the same, nor of a summary that does not tell. */
function summaryRead(count: Column, min: Column, max: Column, sketch: Column): Summary {
  const spread = sketch instanceof Uint8Array ? sketchRead(sketch) : null
  return { count: Number(count), sum: 0, min: Number(min), max: Number(max), sketch: spread }
}

/** What SQL cannot say of them, and the column in files that were made before it. */
function sketchesPrepare(db: DatabaseSync): void {
  const columns = db.prepare('pragma table_info(point)').all()
  if (!columns.some(({ name }) => name === 'sketch')) {
    db.exec('alter table point add column sketch blob')
  }
  db.function('sketch_add', { deterministic: true, varargs: true }, (...columns) => {
    const [a, b] = [columns.slice(0, 4), columns.slice(4)] as [Column[], Column[]]
    const [one, other] = [a, b].map(([count, min, max, sketch]) =>
      summaryRead(count!, min!, max!, sketch!),
    )
    return written(summaryAdd(one!, other!).sketch)
  })
  // The types know of states that are values of SQL only; SQLite itself keeps any.
  const options: unknown = {
    start: () => null,
    step: (so: Summary | null, count: Column, min: Column, max: Column, sketch: Column) => {
      const one = summaryRead(count, min, max, sketch)
      return so ? summaryAdd(so, one) : one
    },
    result: (all: Summary | null) => written(all && spreadOf(all)),
  }
  db.aggregate('sketch_sum', options as Parameters<DatabaseSync['aggregate']>[1])
}

function bucketsOf(
  statement: StatementSync,
  id: number,
  { from, to, period, unit }: ReadRange,
): Bucket[] {
  const rows = statement.all(period, period, id, Math.floor(from / 1000), Math.ceil(to / 1000))
  return rows
    .map((row) => ({
      start: Number(row['bucket']) * 1000,
      unit: row['unit'] === '' ? null : String(row['unit']),
      count: Number(row['count']),
      sum: Number(row['sum']),
      min: Number(row['min']),
      max: Number(row['max']),
      ...(row['sketch'] instanceof Uint8Array && { sketch: sketchRead(row['sketch']) }),
    }))
    .filter((bucket) => unit === undefined || bucket.unit === unit)
}

function seriesFind(db: DatabaseSync, query: SeriesQuery): { id: number; series: SeriesFound }[] {
  const conditions = ['account = ?', 'region = ?', 'id > ?', 'last_at >= ?']
  const values: (string | number)[] = [
    query.account,
    query.region,
    query.after,
    Math.floor((query.activeSince ?? 0) / 1000),
  ]
  for (const column of ['namespace', 'name'] as const) {
    const value = query[column]
    if (value === undefined) continue
    conditions.push(`${column} = ?`)
    values.push(value)
  }
  for (const { name, value } of query.dimensions ?? []) {
    // The text is that of `dimensionsText`: a pair is found as JSON writes it.
    const pair = value === undefined ? `[${JSON.stringify(name)},` : JSON.stringify([name, value])
    conditions.push('instr(dimensions, ?) > 0')
    values.push(pair)
  }
  const text = `select * from series where ${conditions.join(' and ')} order by id limit ?`
  return db
    .prepare(text)
    .all(...values, query.limit)
    .map((row) => ({
      id: Number(row['id']),
      series: {
        account: String(row['account']),
        region: String(row['region']),
        namespace: String(row['namespace']),
        name: String(row['name']),
        dimensions: Object.fromEntries(JSON.parse(String(row['dimensions'])) as [string, string][]),
        lastAt: Number(row['last_at']) * 1000,
      },
    }))
}

/** Values older than their resolution is kept become part of the next coarser one; `factor` shortens the times. */
async function ageBy(db: DatabaseSync, now: number, factor: number): Promise<void> {
  const select = db.prepare(
    'select * from point where resolution = ? and start < ? order by start limit ?',
  )
  const remove = db.prepare(
    'delete from point where series = ? and start = ? and resolution = ? and unit = ?',
  )
  const add = db.prepare(ADD)
  for (const { resolution, keptSeconds, coarser } of RETENTION) {
    // The newest hours stay as they are, however full it is.
    const kept = Math.max(keptSeconds * factor, Math.min(keptSeconds, 3 * resolution))
    const before = Math.floor(now / 1000 - kept)
    for (;;) {
      const rows = select.all(resolution, before, SLICE_ROWS)
      if (rows.length === 0) break
      inTransaction(db, () => {
        for (const row of rows) {
          const { series, start, unit, count, sum, min, max, sketch } = row as Record<
            string,
            number
          >
          remove.run(series!, start!, resolution, unit!)
          if (coarser === null) continue
          const at = Math.floor(start! / coarser) * coarser
          add.run(series!, coarser, at, unit!, count!, sum!, min!, max!, sketch!)
        }
      })
      await setImmediate()
    }
  }
}
