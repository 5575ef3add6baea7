/** DescribeSSLPolicies. */
import { elbFault } from '../../../app/balancers/faults.ts'
import { TLS_POLICIES } from '../../../domain/balancers/tls-policies.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeSSLPolicies'>({
  handle: (_ctx, input, call) => {
    const { Names: names = [] } = input
    const missing = names.find((name) => !TLS_POLICIES.some((one) => one.name === name))
    if (missing !== undefined) {
      throw elbFault('SSLPolicyNotFoundException', `SSL policy '${missing}' not found`)
    }
    const found = TLS_POLICIES.filter((one) => names.length === 0 || names.includes(one.name))
    const { items, nextToken } = call.page(found, { key: ({ name }) => name })
    const SslPolicies = items.map(({ name, protocols, ciphers }) => ({
      Name: name,
      SslProtocols: [...protocols],
      Ciphers: ciphers.map((Name, at) => ({ Name, Priority: at + 1 })),
      SupportedLoadBalancerTypes: ['application', 'network'],
    }))
    return { SslPolicies, NextMarker: nextToken }
  },
})
