/** What the API cannot show yet: groups of a VPC that is not the default, and requests that race. */
import { expect, test } from 'vitest'
import { groupCreate, groupDelete } from '../../../src/app/network/groups.ts'
import { rulesAuthorize, rulesRevoke } from '../../../src/app/network/group-rules.ts'
import { interfaceCreate } from '../../../src/app/network/interfaces.ts'
import { defaultVpcOf, inVpc } from '../../../src/app/network/scope.ts'
import { FaultError } from '../../../src/domain/faults.ts'
import { newId } from '../../../src/domain/ids.ts'
import { startTestApp } from '../../support/app.ts'

async function faultOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof FaultError) return error.fault.type
    throw error
  }
}

const SSH = {
  protocol: 'tcp',
  fromPort: 22,
  toPort: 22,
  peers: [{ type: 'cidr' as const, value: '10.0.0.0/8', description: null }],
}

test('revoking what is not there is a fault outside the default VPC, and removes nothing', async () => {
  const { app, ctx, close } = await startTestApp()
  try {
    const model = await defaultVpcOf(ctx, app.store)
    const vpc = await app.store.transact((tx) =>
      tx.insert('vpc', { ...model, id: newId('vpc', app.random), isDefault: false, index: 77 }),
    )
    const request = { name: 'other', description: 'd', vpcId: vpc.id, tags: {} }
    const { id } = await groupCreate(ctx, request)
    const target = { group: { id, name: null }, isEgress: false }
    await rulesAuthorize(ctx, { ...target, permissions: [SSH], tags: {} })
    const permissions = [SSH, { ...SSH, fromPort: 23, toPort: 23 }]
    const revoked = rulesRevoke(ctx, { ...target, permissions, ruleIds: [] })
    expect(await faultOf(revoked)).toBe('RuleNotFound')
    const group = await app.store.get('securityGroup', id)
    expect(group!.rules.filter((rule) => !rule.isEgress)).toHaveLength(1)
  } finally {
    await close()
  }
})

test('of two requests for the same rule at once one is the duplicate', async () => {
  const { app, ctx, close } = await startTestApp()
  try {
    const { id } = await groupCreate(ctx, { name: 'g', description: 'd', vpcId: null, tags: {} })
    const add = () =>
      rulesAuthorize(ctx, {
        group: { id, name: null },
        isEgress: false,
        permissions: [SSH],
        tags: {},
      })
    const faults = await Promise.all([faultOf(add()), faultOf(add()), faultOf(add())])
    expect(faults.filter((fault) => fault === undefined)).toHaveLength(1)
    expect(faults.filter((fault) => fault === 'RuleDuplicate')).toHaveLength(2)
    const group = await app.store.get('securityGroup', id)
    expect(group!.rules).toHaveLength(2)
  } finally {
    await close()
  }
})

test('a group taken by an interface at the moment of its deletion: one of the two fails', async () => {
  const { app, ctx, close } = await startTestApp()
  try {
    const vpc = await defaultVpcOf(ctx, app.store)
    const [subnet] = await inVpc(ctx, app.store, 'subnet', vpc.id)
    for (let n = 0; n < 5; n++) {
      const { id } = await groupCreate(ctx, {
        name: `g${n}`,
        description: 'd',
        vpcId: null,
        tags: {},
      })
      const [deleted, taken] = await Promise.all([
        faultOf(groupDelete(ctx, { id, name: null })),
        faultOf(
          interfaceCreate(ctx, {
            subnetId: subnet!.id,
            description: '',
            groupIds: [id],
            addresses: [null],
            clientToken: null,
            tags: {},
          }),
        ),
      ])
      expect([deleted, taken].filter((fault) => fault === undefined)).toHaveLength(1)
    }
  } finally {
    await close()
  }
})

test('an interface cannot have a group of another VPC', async () => {
  const { app, ctx, close } = await startTestApp()
  try {
    const model = await defaultVpcOf(ctx, app.store)
    const [subnet] = await inVpc(ctx, app.store, 'subnet', model.id)
    const vpc = await app.store.transact((tx) =>
      tx.insert('vpc', { ...model, id: newId('vpc', app.random), isDefault: false, index: 77 }),
    )
    const request = { name: 'other', description: 'd', vpcId: vpc.id, tags: {} }
    const { id } = await groupCreate(ctx, request)
    const created = interfaceCreate(ctx, {
      subnetId: subnet!.id,
      description: '',
      groupIds: [id],
      addresses: [null],
      clientToken: null,
      tags: {},
    })
    expect(await faultOf(created)).toBe('NetworkMismatch')
  } finally {
    await close()
  }
})
