/**
 * A SQLite file beside the records, for what waits for no fsync of each write: what was written last may be lost in a
 * power cut, nothing in a crash of the daemon. Only its owner reads it.
 */
import { chmodSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

export function sideFileOpen(
  path: string,
  options: { schema: string; cacheKiB: number },
): DatabaseSync {
  const db = new DatabaseSync(path)
  if (path !== ':memory:') chmodSync(path, 0o600)
  db.exec('pragma journal_mode = wal; pragma synchronous = normal')
  db.exec(`pragma cache_size = -${options.cacheKiB}`)
  db.exec(options.schema)
  return db
}

/** Of the file, without what is free in it. */
export function sideFileBytes(db: DatabaseSync): number {
  const of = (name: string): number => Number(db.prepare(`pragma ${name}`).get()![name])
  return (of('page_count') - of('freelist_count')) * of('page_size')
}

/** All of the work or none; `undo`: of what is known from it elsewhere. */
export function inTransaction(db: DatabaseSync, work: () => void, undo?: () => void): void {
  db.exec('begin immediate')
  try {
    work()
    db.exec('commit')
  } catch (error) {
    undo?.()
    // A full disk has ended it already.
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
}
