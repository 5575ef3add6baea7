/** Every served operation passes the gate: refused without a policy, let through by a policy of just its action. */
import { expect, test } from 'vitest'
import { credentialsFind } from '../../src/app/iam/sessions.ts'
import { authorise, FREE } from '../../src/aws/authorisation/authorise.ts'
import type { EdgeRequest } from '../../src/aws/edge-request.ts'
import { servedOperations } from '../../scripts/generate-coverage.ts'
import { SERVICE_ADDRESSES } from '../../src/aws/route.ts'
import type { ServiceName } from '../../src/aws/model.ts'
import { FaultError } from '../../src/domain/faults.ts'
import { PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { startTestCloud } from '../support/cloud.ts'
import { allow, document, userMake } from '../support/iam.ts'

const SERVICES = Object.keys(SERVICE_ADDRESSES) as ServiceName[]
/** What names its target indirectly needs it to be there before it can be told what it needs. */
const INPUT = {
  InstanceProfileName: 'x',
  UserName: 'x',
  RoleName: 'x',
  GroupName: 'x',
  PolicyArn: 'arn:aws:iam::aws:policy/x',
}

/** What IAM calls a service, where that is not its model's name. */
const prefixOf = (service: ServiceName): string =>
  service === 'elbv2' ? 'elasticloadbalancing' : service

test('refused without a policy, allowed by one of just that action', async () => {
  await using cloud = await startTestCloud({ mode: 'strict' })
  const iam = cloud.iamOf()
  const keys = await userMake(iam, 'nobody')
  const { principal, account } = (await credentialsFind(cloud.app, keys.accessKeyId, undefined))!
  const refusalOf = async (service: ServiceName, operation: string): Promise<string | null> => {
    const edge: EdgeRequest = {
      account,
      principal,
      service,
      operation,
      region: 'us-east-1',
      requestId: 'r',
      requestHash: 'h',
      sourceIp: '127.0.0.1',
    }
    try {
      await authorise({ ...edge, app: cloud.app }, edge, INPUT)
      return null
    } catch (error) {
      if (error instanceof FaultError && error.fault.type === 'Unauthorized') {
        return error.fault.action
      }
      throw error
    }
  }
  const gated = SERVICES.flatMap((service) =>
    servedOperations(service)
      .map((operation) => [service, operation] as const)
      .filter(([, operation]) => !FREE.has(`${service}:${operation}`)),
  )
  for (const [service, operation] of gated) {
    // One that needs two other permissions.
    const action = operation === 'ReEncrypt' ? 'ReEncryptFrom' : operation
    expect(await refusalOf(service, operation)).toBe(`${prefixOf(service)}:${action}`)
  }
  for (const [service, operation] of gated) {
    const pattern = operation === 'ReEncrypt' ? 'ReEncrypt*' : operation
    const PolicyDocument = document(allow(`${prefixOf(service)}:${pattern}`))
    const policy = { UserName: 'nobody', PolicyName: 'own', PolicyDocument }
    await iam.send(new PutUserPolicyCommand(policy))
    // Giving a role away needs iam:PassRole beside.
    const more = operation === 'AddRoleToInstanceProfile' ? 'iam:PassRole' : null
    expect(await refusalOf(service, operation)).toBe(more)
  }
}, 60_000)

test('accounts are apart: names, keys and roles of one are nothing in another', async () => {
  await using cloud = await startTestCloud({ mode: 'open' })
  await userMake(cloud.iamOf(), 'ada')
  const other = cloud.iamOf({ account: '444455556666' })
  const keys = await userMake(other, 'ada')
  const found = (await credentialsFind(cloud.app, keys.accessKeyId, undefined))!
  expect(found.account).toBe('444455556666')
  expect(found.principal.arn).toBe('arn:aws:iam::444455556666:user/ada')
})
