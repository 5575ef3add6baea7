/** Load balancers and target groups as collections, and what their pages ask. */
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type Listener,
  type LoadBalancer,
  type Rule,
  type TargetGroup,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { clientOf } from './clients.ts'
import { collection, paged } from './collection.ts'

export const elb = (): ElasticLoadBalancingV2Client =>
  clientOf('elb', (config) => new ElasticLoadBalancingV2Client(config))

export const loadBalancers = collection<LoadBalancer>({
  name: 'load balancers',
  kinds: ['loadBalancer'],
  idOf: (item) => item.LoadBalancerArn?.split('/').at(-1) ?? '',
  pages: () =>
    paged(async (Marker) => {
      const page = await elb().send(new DescribeLoadBalancersCommand({ Marker }))
      return { items: page.LoadBalancers, next: page.NextMarker }
    }),
})

export const targetGroups = collection<TargetGroup>({
  name: 'target groups',
  kinds: ['targetGroup'],
  idOf: (item) => item.TargetGroupArn?.split('/').at(-1) ?? '',
  pages: () =>
    paged(async (Marker) => {
      const page = await elb().send(new DescribeTargetGroupsCommand({ Marker }))
      return { items: page.TargetGroups, next: page.NextMarker }
    }),
})

export interface ListenerWithRules {
  listener: Listener
  rules: readonly Rule[]
}

export async function listenersRead(LoadBalancerArn: string): Promise<ListenerWithRules[]> {
  const { Listeners = [] } = await elb().send(new DescribeListenersCommand({ LoadBalancerArn }))
  return await Promise.all(
    Listeners.map(async (listener) => {
      const { ListenerArn } = listener
      const { Rules = [] } = await elb().send(new DescribeRulesCommand({ ListenerArn }))
      return { listener, rules: Rules }
    }),
  )
}

export async function healthRead(TargetGroupArn: string): Promise<TargetHealthDescription[]> {
  const answer = await elb().send(new DescribeTargetHealthCommand({ TargetGroupArn }))
  return answer.TargetHealthDescriptions ?? []
}
