/** Whether a request asks for an Amazon-provided IPv6 block, where there are any. */
import type { Ctx } from '../../app/context.ts'
import { invalidValue } from '../../domain/faults.ts'

/** @throws Fault `InvalidValue` for a border group that is not the region's: there are no others here. */
export function ipv6IsAsked(
  ctx: Ctx,
  input: Readonly<{
    AmazonProvidedIpv6CidrBlock?: boolean | undefined
    Ipv6CidrBlockNetworkBorderGroup?: string | undefined
  }>,
): boolean {
  const { Ipv6CidrBlockNetworkBorderGroup: group } = input
  if (group && group !== ctx.region) {
    throw invalidValue('Ipv6CidrBlockNetworkBorderGroup', group, `There is only ${ctx.region}`)
  }
  return input.AmazonProvidedIpv6CidrBlock ?? false
}
