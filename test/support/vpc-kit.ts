/** What the tests of networks make again and again, by the SDK's methods. */
import type { EC2, ResourceType, RouteTable, Subnet, Vpc } from '@aws-sdk/client-ec2'

export const tagged = (ResourceType: ResourceType) => ({
  TagSpecifications: [{ ResourceType, Tags: [{ Key: 'Name', Value: 'mine' }] }],
})

export const inVpc = (VpcId: string) => ({ Filters: [{ Name: 'vpc-id', Values: [VpcId] }] })

export function createVpcKit(aws: EC2) {
  return {
    vpc: async (CidrBlock = '10.0.0.0/16', more: object = {}): Promise<Vpc> =>
      (await aws.createVpc({ CidrBlock, ...more })).Vpc!,
    subnet: async (VpcId: string, CidrBlock: string, more: object = {}): Promise<Subnet> =>
      (await aws.createSubnet({ VpcId, CidrBlock, ...more })).Subnet!,
    table: async (VpcId: string): Promise<RouteTable> =>
      (await aws.createRouteTable({ VpcId })).RouteTable!,
    mainTable: async (VpcId: string): Promise<RouteTable> => {
      const { RouteTables } = await aws.describeRouteTables(inVpc(VpcId))
      return RouteTables!.find((table) => table.Associations!.some((each) => each.Main))!
    },
    /** A gateway, attached. */
    gateway: async (VpcId: string): Promise<string> => {
      const { InternetGateway } = await aws.createInternetGateway({})
      const { InternetGatewayId } = InternetGateway!
      await aws.attachInternetGateway({ InternetGatewayId, VpcId })
      return InternetGatewayId!
    },
  }
}

export type VpcKit = ReturnType<typeof createVpcKit>
