/** DescribeAccountLimits: the limits that are kept here. */
import { operation } from '../../operation.ts'

const LIMITS: readonly [string, number][] = [
  ['application-load-balancers', 50],
  ['network-load-balancers', 50],
  ['target-groups', 3000],
  ['target-groups-per-application-load-balancer', 100],
  ['targets-per-network-load-balancer', 1000],
  ['targets-per-application-load-balancer', 1000],
  ['listeners-per-application-load-balancer', 50],
  ['listeners-per-network-load-balancer', 50],
  ['rules-per-application-load-balancer', 100],
  ['certificates-per-application-load-balancer', 25],
  ['certificates-per-network-load-balancer', 25],
  ['condition-values-per-alb-rule', 5],
  ['condition-wildcards-per-alb-rule', 6],
  ['target-groups-per-action-on-application-load-balancer', 5],
]

export default operation<'elbv2', 'DescribeAccountLimits'>({
  handle: (_ctx, _input, call) => {
    const all = LIMITS.map(([Name, max]) => ({ Name, Max: String(max) }))
    const { items, nextToken } = call.page(all, { key: ({ Name }) => Name })
    return { Limits: items, NextMarker: nextToken }
  },
})
