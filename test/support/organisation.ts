/** An organisation for API tests: its management account's administrator, and accounts to be made and entered. */
import {
  CreateAccountCommand,
  CreateOrganizationCommand,
  DescribeCreateAccountStatusCommand,
  ListRootsCommand,
  type OrganizationsClient,
} from '@aws-sdk/client-organizations'
import { AssumeRoleCommand } from '@aws-sdk/client-sts'
import { expect } from 'vitest'
import type { TestCloud } from './cloud.ts'
import { allow, keysOf, userMake, type Keys } from './iam.ts'

export interface TestOrganisation {
  organizations: OrganizationsClient
  admin: Keys
  rootId: string
  /** @returns The id of a new account. */
  accountMake(name?: string): Promise<string>
  assumeIn(account: string): Promise<Keys>
}

export async function organisationMake(cloud: TestCloud): Promise<TestOrganisation> {
  const organizations = cloud.organizationsOf()
  const admin = await userMake(cloud.iamOf(), 'admin', allow('*'))
  await organizations.send(new CreateOrganizationCommand({}))
  const { Roots } = await organizations.send(new ListRootsCommand({}))
  expect(Roots).toMatchObject([{ Name: 'Root', PolicyTypes: [] }])
  let count = 0
  const accountMake = async (name = `team-${++count}`): Promise<string> => {
    const { CreateAccountStatus } = await organizations.send(
      new CreateAccountCommand({ AccountName: name, Email: `${name}@example.com` }),
    )
    const { Id: CreateAccountRequestId } = CreateAccountStatus!
    const { CreateAccountStatus: status } = await organizations.send(
      new DescribeCreateAccountStatusCommand({ CreateAccountRequestId }),
    )
    expect(status).toMatchObject({ State: 'SUCCEEDED', AccountName: name })
    return status!.AccountId!
  }
  const assumeIn = async (account: string): Promise<Keys> => {
    const RoleArn = `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`
    const { Credentials } = await cloud
      .stsOf({ credentials: admin })
      .send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'admin' }))
    return keysOf(Credentials!)
  }
  return { organizations, admin, rootId: Roots![0]!.Id!, accountMake, assumeIn }
}
