/** The host API of backups, joined: words of the owner to the use cases, and where folders of vaults lie. */
import { mkdir, stat, symlink } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { backupWord, type BackupDoor, type BackupScope } from '../api/backup.ts'
import { anyHost, backupHostOf } from '../app/backup/background.ts'
import {
  locationMust,
  pointPlace,
  vaultKeyExport,
  vaultKeyFileOf,
  vaultMust,
  vaultRecover,
} from '../app/backup/owner.ts'
import { locationNames, locationGet, locationPut, vaultPlace } from '../app/backup/vault-key.ts'
import type { App } from '../app/context.ts'
import {
  certificatesForget,
  certificatesList,
  certificatesPut,
} from '../app/gateway/certificates.ts'
import type { BackupWork, BackupWorkOutcome } from '../domain/backup.ts'
import { diskNames } from '../domain/backup/disk-names.ts'
import { invalidValue } from '../domain/faults.ts'
import type { Home } from './home.ts'

type Words = Readonly<Record<string, unknown>>

export function backupDoor(app: App, home: Home): BackupDoor {
  const host = () => backupHostOf(anyHost(app))
  const calls: Record<string, (scope: BackupScope, body: Words) => Promise<object>> = {
    key: (scope, body) => vaultKeyExport(app, scope, backupWord(body, 'vault')),
    locations: async () => {
      const names = await locationNames(app)
      const found = await Promise.all(names.map((name) => locationGet(app.store, name)))
      return {
        locations: found.flatMap((one, index) => {
          if (!one) return []
          const { endpoint, region, bucket, prefix, accessKeyId } = one
          return [{ name: names[index], endpoint, region, bucket, prefix, accessKeyId }]
        }),
      }
    },
    'location-add': async (_, body) => {
      const name = backupWord(body, 'name')
      await locationPut(app, name, {
        endpoint: typeof body['endpoint'] === 'string' ? endpointOf(body['endpoint']) : null,
        region: backupWord(body, 'locationRegion'),
        bucket: backupWord(body, 'bucket'),
        prefix: typeof body['prefix'] === 'string' ? body['prefix'] : '',
        accessKeyId: backupWord(body, 'accessKeyId'),
        secretAccessKey: backupWord(body, 'secretAccessKey'),
      })
      return { name }
    },
    certificates: async () => ({ certificates: await certificatesList(app) }),
    'certificates-put': async (_, body) =>
      certificatesPut(app, backupWord(body, 'host'), {
        authority: backupWord(body, 'authority'),
        certificate: backupWord(body, 'certificate'),
        key: backupWord(body, 'key'),
      }),
    'certificates-forget': async (_, body) => {
      await certificatesForget(app, backupWord(body, 'host'))
      return {}
    },
    recover: async (scope, body) => {
      const file = vaultKeyFileOf(body['key'])
      const location = typeof body['location'] === 'string' ? body['location'] : null
      if (location === null) await folderLink(home, file.vaultId, backupWord(body, 'folder'))
      else await locationMust(app, location)
      return vaultRecover(app, scope, file, location)
    },
    verify: async (scope, body) => {
      const word = body['point']
      const isOne = typeof word === 'string'
      const place = isOne
        ? (await pointPlace(app, scope, word)).place
        : await vaultPlace(app, await vaultMust(app, scope, backupWord(body, 'vault')))
      const pointId = isOne ? (await pointPlace(app, scope, word)).point.id : null
      const outcome = await workToEnd(app, { type: 'verify', vault: place, pointId })
      if (!outcome.isDone) throw new Error(outcome.reason)
      return outcome.result
    },
    export: (scope, body) => diskExport(app, scope, body),
    usage: async (scope, body) => {
      const vault = await vaultMust(app, scope, backupWord(body, 'vault'))
      return host().usage(await vaultPlace(app, vault))
    },
    ls: async (scope, body) => {
      const { place, point } = await pointPlace(app, scope, backupWord(body, 'point'))
      const path = typeof body['path'] === 'string' ? body['path'] : '/'
      return { entries: await host().fileList(place, point.id, path) }
    },
  }
  return {
    call: async (name, scope, body) => {
      if (!Object.hasOwn(calls, name)) return undefined
      return calls[name]!(scope, body)
    },
    read: async function* (scope, word, path) {
      const { place, point } = await pointPlace(app, scope, word)
      yield* host().fileRead(place, point.id, path)
    },
  }
}

const FORMATS = ['qcow2', 'raw', 'vmdk'] as const

/** A disk of a point as a file of this host, for other hypervisors. Repeated, it answers the file that is there. */
async function diskExport(app: App, scope: BackupScope, body: Words): Promise<object> {
  const { place, point } = await pointPlace(app, scope, backupWord(body, 'point'))
  if (!['COMPLETED', 'EXPIRED'].includes(point.state)) {
    throw invalidValue('point', point.id, `it is ${point.state}`)
  }
  const format = FORMATS.find((one) => one === (body['format'] ?? FORMATS[0]))
  if (!format) throw invalidValue('format', body['format'], FORMATS.join(', '))
  const names = diskNames(point.disks)
  const asked = body['disk'] ?? (names.length === 1 ? names[0] : undefined)
  const disk = point.disks[names.findIndex((name) => name === asked)]
  if (!disk) throw invalidValue('disk', asked, `the point has ${names.join(', ')}`)
  const name = /^[\w-][\w.-]*$/.test(String(asked)) ? String(asked) : disk.diskId
  const file = `backups/${point.id}/${name}.${format}`
  const what = { pointId: point.id, diskId: disk.diskId, file, format }
  const outcome = await workToEnd(app, { type: 'restore-file', vault: place, ...what })
  if (!outcome.isDone) throw new Error(outcome.reason)
  const { path, sizeBytes, fileBytes } = outcome.result
  return { path, sizeBytes, fileBytes, disk: asked }
}

function endpointOf(text: string): string {
  const url = URL.parse(text)
  if (url && (url.protocol === 'https:' || url.protocol === 'http:')) return text
  throw invalidValue('endpoint', text, 'a URL is needed: https://s3.example.org')
}

/** A vault in a folder of its own, known by its id among this host's. */
async function folderLink(home: Home, vaultId: string, folder: string): Promise<void> {
  if (!isAbsolute(folder)) throw invalidValue('folder', folder, 'an absolute path is needed')
  const there = await stat(folder).catch(() => null)
  if (!there?.isDirectory()) throw invalidValue('folder', folder, 'there is no such folder')
  const vaults = join(home.root, 'vaults')
  await mkdir(vaults, { recursive: true, mode: 0o700 })
  const name = join(vaults, vaultId)
  if (name === folder || (await stat(name).then(Boolean, () => false))) return
  await symlink(folder, name)
}

async function workToEnd(app: App, work: BackupWork): Promise<BackupWorkOutcome> {
  const host = backupHostOf(anyHost(app))
  const workId = `owner/${app.random.bytes(8).join('')}`
  let stop = (): void => {}
  const ended = new Promise<void>((resolve) => {
    stop = host.onWorkEnd((id) => (id === workId ? resolve() : undefined))
  })
  try {
    await host.workEnsure(workId, work)
    await ended
    const outcome = (await host.workProgress(workId))?.outcome
    return outcome ?? { isDone: false, reason: 'it was interrupted', isFinal: false }
  } finally {
    stop()
    await host.workForget(workId)
  }
}
