/**
 * A daemon that backs up, copies, deletes and collects until it is killed; what it says on its output, it has promised.
 *
 * Usage: node drill-child.ts FOLDER
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { openVault } from '../../../src/backup/open-vault.ts'
import type { Vault } from '../../../src/backup/vault.ts'
import { KEY, never, readerOf, requestOf } from './kit.ts'
import { changesBetween, versionContent } from './versions.ts'

const folder = process.argv[2]!
const options = { signal: never }
const say = (text: string): void => void writeSync(1, `${text}\n`)

const open = (name: string): Promise<Vault> =>
  openVault(
    { vaultId: name, key: KEY, location: { type: 'folder', path: name } },
    { vaultsFolder: folder, cacheFolder: join(folder, 'cache') },
  )

async function versionsIn(vault: Vault): Promise<number[]> {
  const points = await vault.points()
  return points.map(({ pointId }) => Number(pointId.slice(1))).sort((a, b) => a - b)
}

const vault = await open('one')
const copies = await open('two')
say('ready')
for (;;) {
  const there = await versionsIn(vault)
  const last = there.at(-1) ?? 0
  const version = last + 1
  const changed = last === 0 ? null : changesBetween(last, version)
  const reader = readerOf(versionContent(version), changed)
  const base = last === 0 ? null : `v${last}`
  await vault.backup(requestOf(`v${version}`, { disk: reader }, base), options)
  say(`done ${version}`)
  await vault.copyTo(copies, { pointId: `v${version}`, newPointId: `c${version}` }, options)
  say(`copied ${version}`)
  // One in three stays, so that packs are needed in parts.
  const goes = there.filter((one) => one % 3 !== 0 && one < version - 2)
  for (const one of goes) {
    say(`deleting ${one}`)
    await vault.delete(`v${one}`)
    await copies.delete(`c${one}`)
  }
  await vault.collect(options)
  if (version % 2 === 0) await copies.collect(options)
  say('collected')
}
