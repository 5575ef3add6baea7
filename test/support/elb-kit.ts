/** What the tests of load balancers make again and again, by the SDK. */
import type {
  CreateTargetGroupCommandInput,
  ElasticLoadBalancingV2,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { EC2 } from '@aws-sdk/client-ec2'
import { TINY } from './app.ts'
import { createVpcKit } from './vpc-kit.ts'

/** The code of the refusal, without the SDK's ending. */
export async function elbCode(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => {
      throw new Error('it was not refused')
    },
    (error: Error) => error.name.replace(/Exception$/, ''),
  )
}

export interface Ground {
  VpcId: string
  subnets: string[]
  group: string
}

export function createElbKit(ec2: EC2, elb: ElasticLoadBalancingV2) {
  const kit = createVpcKit(ec2)
  let names = 0
  return {
    /** A VPC with a gateway, a subnet in each of two zones, and a group. */
    ground: async (): Promise<Ground> => {
      const VpcId = (await kit.vpc()).VpcId!
      await kit.gateway(VpcId)
      const subnets = await Promise.all(
        ['a', 'b'].map(async (zone, at) => {
          const AvailabilityZone = `us-east-1${zone}`
          return (await kit.subnet(VpcId, `10.0.${at}.0/24`, { AvailabilityZone })).SubnetId!
        }),
      )
      const made = await ec2.createSecurityGroup({ GroupName: 'web', Description: 'web', VpcId })
      return { VpcId, subnets, group: made.GroupId! }
    },
    balancer: async ({ subnets, group }: Ground, more: object = {}) => {
      const SecurityGroups = [group]
      const input = { Name: `web-${++names}`, Subnets: subnets, SecurityGroups, ...more }
      return (await elb.createLoadBalancer(input)).LoadBalancers![0]!
    },
    targetGroup: async ({ VpcId }: Ground, more: Partial<CreateTargetGroupCommandInput> = {}) => {
      const input = { Name: `tg-${++names}`, Protocol: 'HTTP' as const, Port: 80, VpcId, ...more }
      return (await elb.createTargetGroup(input)).TargetGroups![0]!
    },
    listener: async (LoadBalancerArn: string, TargetGroupArn: string, more: object = {}) => {
      const made = await elb.createListener({
        ...{ LoadBalancerArn, Protocol: 'HTTP', Port: 80 },
        DefaultActions: [{ Type: 'forward', TargetGroupArn }],
        ...more,
      })
      return made.Listeners![0]!
    },
    instance: async (SubnetId: string): Promise<string> => {
      const input = { ImageId: TINY, InstanceType: 't3.nano' as const, MinCount: 1, MaxCount: 1 }
      const { Instances } = await ec2.runInstances({ ...input, SubnetId })
      return Instances![0]!.InstanceId!
    },
  }
}

export type ElbKit = ReturnType<typeof createElbKit>
