/** The host API of backups: what its owner does that AWS has no words for. Words in, JSON out; files as bytes. */
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { invalidValue } from '../domain/faults.ts'

export interface BackupScope {
  account: string
  region: string
}

export interface BackupDoor {
  /** @throws Faults, and errors in words for the user. Undefined: there is nothing of that name. */
  call(
    name: string,
    scope: BackupScope,
    body: Readonly<Record<string, unknown>>,
  ): Promise<object | undefined>
  /** A file of a recovery point. */
  read(scope: BackupScope, point: string, path: string): AsyncIterable<Uint8Array>
}

const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/

/** False: it is not served. */
export async function backupRoute(
  door: BackupDoor,
  name: string,
  { account, body }: { account: string; body: Buffer },
  response: ServerResponse,
): Promise<boolean> {
  const json = JSON.parse(body.toString() || '{}') as Record<string, unknown>
  const region = backupWord(json, 'region')
  if (!REGION.test(region)) throw invalidValue('region', region, 'a region of AWS')
  const scope = { account, region }
  // A helper machine boots first.
  response.setTimeout(0)
  if (name === 'get') {
    const pieces = door.read(scope, backupWord(json, 'point'), backupWord(json, 'path'))
    const first = await pieces[Symbol.asyncIterator]().next()
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    await pipeline(startingWith(first, pieces), response)
    return true
  }
  const answer = await door.call(name, scope, json)
  if (answer === undefined) return false
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(answer))
  return true
}

/** What cannot be read at all is an answer with words; later, the connection breaks. */
export async function* startingWith(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (first.done) return
  yield first.value
  yield* rest
}

export function backupWord(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name]
  if (typeof value === 'string' && value !== '') return value
  throw invalidValue(name, value, 'a word is needed')
}
