/** DescribeInstances. Filters look at the answer itself; instances of one launch stand together. */
import type { Reservation } from '@aws-sdk/client-ec2'
import { instanceViews, type InstanceView } from '../../../app/instances/list.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { INSTANCE_FILTERS, type InstanceRecord } from '../instance-filters.ts'
import { presentInstance } from '../present/instance.ts'

export default operation<'ec2', 'DescribeInstances', InstanceRecord>({
  filters: INSTANCE_FILTERS,
  tagsOf: ({ instance }) =>
    Object.fromEntries((instance.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''])),
  handle: async (ctx, input, call) => {
    const ids = (input.InstanceIds ?? []).map((id) => parseId('instance', id))
    const defaultSize = PAGE_SIZE_DEFAULT
    if (!input.Filters?.length) {
      // Of thousands only the page is read, and made an answer of.
      const window = ids.length > 0 ? undefined : call.pageWindow(defaultSize)
      const views = await instanceViews(ctx, ids, window)
      const page = call.page(views, { key: ({ instance }) => instance.id, defaultSize })
      return { Reservations: reservationsOf(page.items.map(recordOf)), NextToken: page.nextToken }
    }
    const views = await instanceViews(ctx, ids)
    const page = call.page(call.filter(views.map(recordOf)), {
      key: (record) => record.instance.InstanceId!,
      defaultSize,
    })
    return { Reservations: reservationsOf(page.items), NextToken: page.nextToken }
  },
})

function recordOf(view: InstanceView): InstanceRecord {
  return {
    reservationId: view.instance.spec.reservationId,
    ownerId: view.instance.account,
    instance: presentInstance(view),
    elastic: view.interfaces.flatMap((one) => [...(one.elasticAddresses ?? [])]),
    interfaceTags: view.interfaces.map((one) => one.tags),
  }
}

/** EC2 answers at most so many at once whether or not the caller asks for pages. */
const PAGE_SIZE_DEFAULT = 1_000

function reservationsOf(records: readonly InstanceRecord[]): Reservation[] {
  const byId = new Map<string, Reservation>()
  for (const { reservationId, ownerId, instance } of records) {
    const known = byId.get(reservationId)
    if (known) known.Instances!.push(instance)
    else {
      const Instances = [instance]
      byId.set(reservationId, {
        Groups: [],
        Instances,
        OwnerId: ownerId,
        ReservationId: reservationId,
      })
    }
  }
  return [...byId.values()]
}
