/** DescribeListenerCertificates. */
import { elbGet } from '../../../app/balancers/find.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeListenerCertificates'>({
  handle: async (ctx, input, call) => {
    const { certificates } = await elbGet(ctx, 'listener', input.ListenerArn!)
    const all = certificates.map((arn, at) => ({ CertificateArn: arn, IsDefault: at === 0 }))
    const key = (one: { CertificateArn: string }): string => one.CertificateArn
    const { items, nextToken } = call.page(all, { key, defaultSize: 400 })
    return { Certificates: items, NextMarker: nextToken }
  },
})
