/** What backups and restores of machines of other hypervisors have in common. */
import type { RecoveryPoint } from '../../../domain/backup/records.ts'
import type { App } from '../../context.ts'
import { addressOf } from '../../gateway/credentials.ts'

/** A point of one of this Brume's own machines is a point of an instance. */
export const isOwn = ({ description }: Pick<RecoveryPoint, 'description'>): boolean =>
  'instance' in description

/** How a host reaches a hypervisor. @throws Error, FaultError when it cannot. */
export async function foreignOf(app: App, hypervisorId: string) {
  const hypervisor = await app.store.get('hypervisor', hypervisorId)
  if (!hypervisor) throw new Error('the hypervisor is gone')
  const address = await addressOf(app, hypervisor)
  if (address.type !== 'libvirt') throw new Error(`${hypervisor.host} is no other hypervisor`)
  const { connector, uri, username, password, certificates } = address.connection
  const connection = {
    uri,
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    ...certificates,
  }
  return { connector, connection }
}
