/**
 * Fast launch, from wish to state: tells every host which images to keep templates of, and keeps in each image what the
 * hosts report. Takes no input; a host's event only wakes it.
 */
import { imageStateOf, type FastLaunch, type Image, type Snapshot } from '../../domain/image.ts'
import type { TemplateReport, TemplateWish } from '../../domain/template.ts'
import type { App } from '../context.ts'

export function createTemplatesReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  /** What each host was told last; a restart forgets it and everything is said again. */
  const told = new Map<string, { text: string; askedAt: number }>()
  return async (signal) => {
    const images = (await app.store.list('image', {})).filter((image) => image.fastLaunch)
    const wishes = await wishesOf(app, images)
    const text = JSON.stringify(wishes)
    // Who asks for what is wished already wants what failed to be tried again.
    const enabling = images.filter((image) => image.fastLaunch!.state === 'enabling')
    const askedAt = Math.max(0, ...enabling.map((image) => image.fastLaunch!.changedAt))
    const reports: TemplateReport[] = []
    for (const { agent, description } of app.hosts) {
      signal.throwIfAborted()
      const before = told.get(description.hostId)
      if (before?.text !== text || before.askedAt < askedAt) {
        await agent.templatesEnsure(wishes)
        told.set(description.hostId, { text, askedAt })
      }
      reports.push(...(await agent.templateList()))
    }
    const files = new Map(wishes.map((wish) => [wish.imageId as string, wish.file]))
    for (const image of images) await stateKeep(app, image, reports, files)
  }
}

async function wishesOf(app: App, images: readonly Image[]): Promise<TemplateWish[]> {
  const wishes: TemplateWish[] = []
  for (const image of images) {
    if (!image.fastLaunch?.isWanted || image.deregisteredAt !== null) continue
    if (imageStateOf(image) !== 'available') continue
    const root = image.blockDevices.find((device) => device.deviceName === image.rootDeviceName)
    const snapshot = root?.snapshotId ? await app.store.get('snapshot', root.snapshotId) : undefined
    const disk = snapshot && templateDiskOf(image, snapshot)
    if (!disk) continue
    wishes.push({
      imageId: image.id,
      ...disk,
      rootSizeGiB: root?.sizeGiB ?? snapshot.sizeGiB,
      account: image.isPublic ? null : image.account,
    })
  }
  return wishes.sort((a, b) => (a.imageId < b.imageId ? -1 : 1))
}

/** What a template of the image is made of; null: none can be. */
function templateDiskOf(
  { imageFolder, bootMode }: Image,
  { source, isEncrypted }: Snapshot,
): Pick<TemplateWish, 'imageFolder' | 'file' | 'layerId'> | null {
  if ('imageFolder' in source) return source
  if (imageFolder === null || isEncrypted || bootMode === 'uefi') return null
  // What its machines need goes with them: their volumes name the layer, whatever becomes of the image.
  return { imageFolder, file: source.layerId, layerId: source.layerId }
}

async function stateKeep(
  app: App,
  image: Image,
  reports: readonly TemplateReport[],
  files: ReadonlyMap<string, string>,
): Promise<void> {
  const file = files.get(image.id)
  const mine = reports.filter(
    (report) => report.imageFolder === image.imageFolder && (!file || report.file === file),
  )
  const seen = seenOf(image.fastLaunch!, mine)
  if (JSON.stringify(seen) === JSON.stringify(image.fastLaunch)) return
  await app.store.transact(async (tx) => {
    const now = await tx.get('image', image.id)
    // Whoever changed it meanwhile has woken us again.
    if (!now || now.generation !== image.generation) return
    const fastLaunch = seen && { ...seen, changedAt: app.clock.now() }
    await tx.update('image', { ...now, fastLaunch })
  })
}

function seenOf(before: FastLaunch, reports: readonly TemplateReport[]): FastLaunch | null {
  const isReady = reports.some((report) => report.state === 'ready')
  const failed = reports.find((report) => report.state === 'failed')
  if (!before.isWanted) return reports.length > 0 ? before : null
  if (isReady) {
    return before.state === 'enabled' ? before : { ...before, state: 'enabled', reason: '' }
  }
  if (failed) {
    const reason = failed.reason ?? 'Server.InternalError'
    return { ...before, state: 'enabling-failed', reason }
  }
  return before.state === 'enabled'
    ? { ...before, state: 'enabling', reason: 'Server.Rebuilding' }
    : before
}
