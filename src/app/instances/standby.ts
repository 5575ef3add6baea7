/** A launch and the machine that was made ahead for one like it: its host is asked before the records are made. */
import type { HostId } from '../../domain/ids.ts'
import type { Image } from '../../domain/image.ts'
import type { StandbyNames, StandbyWish } from '../../domain/standby.ts'
import type { App } from '../context.ts'
import { LAUNCH_TAG } from './machine-spec.ts'
import type { ResolvedInterface } from './run-interfaces.ts'
import type { RunRequest } from './run-request.ts'
import type { PlannedVolume } from './run-volumes.ts'

type Size = Pick<
  StandbyWish,
  'instanceType' | 'vcpus' | 'memoryMiB' | 'coresPerSocket' | 'threadsPerCore'
>

interface Launch extends Size {
  image: Image
  interfaces: readonly ResolvedInterface[]
  volumes: readonly PlannedVolume[]
  /** Nothing but the image decides how it begins. */
  isPlain: boolean
}

/**
 * The names for its records; null: it is made when it is launched. A host looks again whether the machine is as the
 * records say, so what is overlooked here costs a standby and nothing else.
 */
export async function standbyFor(
  app: App,
  hostId: HostId,
  request: RunRequest,
  { image, interfaces, volumes, isPlain, ...size }: Launch,
): Promise<StandbyNames | null> {
  const [primary] = interfaces
  const [root] = volumes
  if (interfaces.length !== 1 || !primary || primary.existing) return null
  if (volumes.length !== 1 || !root?.snapshot || root.encryption.isEncrypted) return null
  const isTagged = request.tags.instance[LAUNCH_TAG] !== undefined
  if (request.restored || !isPlain || isTagged || !request.metadata.isEnabled) return null
  const { source } = root.snapshot
  const folder = 'imageFolder' in source ? source.imageFolder : image.imageFolder
  const file = 'imageFolder' in source ? source.file : source.layerId
  const host = app.hosts.find(({ description }) => description.hostId === hostId)
  if (!host || folder === null) return null
  const { vcpus, memoryMiB, instanceType, coresPerSocket, threadsPerCore } = size
  return host.agent.standbyTake({
    ...{ vcpus, memoryMiB, instanceType, coresPerSocket, threadsPerCore },
    imageFolder: folder,
    file,
    rootSizeGiB: root.sizeGiB,
    vpcId: primary.subnet.vpcId,
  })
}
