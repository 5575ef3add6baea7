/** What an input names only indirectly is guarded as if it were named: elastic addresses. */
import { expect, test } from 'vitest'
import { ACCOUNT, REGION, startTestCloud } from '../support/cloud.ts'
import { allow, deny, failureOf, userMake } from '../support/iam.ts'

test('an address is guarded however it is named', async () => {
  await using cloud = await startTestCloud({ mode: 'strict' })
  const { ec2 } = cloud
  const { AllocationId, PublicIp } = await ec2.allocateAddress({})
  const { Subnets } = await ec2.describeSubnets({})
  const SubnetId = Subnets![0]!.SubnetId
  const { NetworkInterface } = await ec2.createNetworkInterface({ SubnetId })
  const { AssociationId } = await ec2.associateAddress({
    AllocationId,
    NetworkInterfaceId: NetworkInterface!.NetworkInterfaceId,
  })
  const address = `arn:aws:ec2:${REGION}:${ACCOUNT}:elastic-ip/${AllocationId}`
  const statements = [allow('*'), deny('ec2:*', address)]
  const own = cloud.ec2Of({ credentials: await userMake(cloud.iamOf(), 'ada', ...statements) })
  for (const by of [{ AssociationId }, { PublicIp }]) {
    const refused = await failureOf(own.disassociateAddress(by))
    expect(refused.code).toBe('UnauthorizedOperation')
    expect(refused.message).toContain(`on resource: ${address} with an explicit deny`)
  }
  await ec2.disassociateAddress({ AssociationId })
})
