/** Tags of what an organisation has, by its id. */
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { missing } from './faults.ts'
import { nodeFind, organisationManaged } from './tree.ts'

async function taggedFind(ctx: Ctx, reader: StoreReader, id: string) {
  const organisation = await organisationManaged(ctx, reader)
  if (!id.startsWith('p-')) {
    const node = await nodeFind(reader, organisation, id)
    if (!node) throw missing('target')
    return node
  }
  const resource = await reader.get('organisationPolicy', id)
  if (resource?.organisationId !== organisation.id) throw missing('target')
  return { type: 'POLICY' as const, resource }
}

export async function tagsOfResource(ctx: Ctx, id: string): Promise<Tags> {
  return (await taggedFind(ctx, ctx.app.store, id)).resource.tags
}

export async function tagsChange(ctx: Ctx, id: string, change: (tags: Tags) => Tags) {
  await ctx.app.store.transact(async (tx) => {
    const found = await taggedFind(ctx, tx, id)
    const tags = change(found.resource.tags)
    if (found.type === 'POLICY') {
      await tx.update('organisationPolicy', { ...found.resource, tags })
    } else if (found.type === 'ROOT') await tx.update('organisation', { ...found.resource, tags })
    else if (found.type === 'ACCOUNT') {
      await tx.update('organisationAccount', { ...found.resource, tags })
    } else await tx.update('organisationUnit', { ...found.resource, tags })
  })
}
