/** The volumes that an instance has, each as the instance sees it (domain/volume.ts#volumeAt). */
import { volumeAt, type Volume } from '../../domain/volume.ts'
import type { StoreReader } from '../../store/store.ts'

export async function volumesOf(reader: StoreReader, instanceId: string): Promise<Volume[]> {
  const reference = { name: 'instance', value: instanceId }
  const volumes = await reader.list('volume', { reference })
  return volumes.map((volume) => volumeAt(volume, instanceId))
}
