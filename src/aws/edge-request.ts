/** A request as the edge knows it. */
import type { Principal } from '../app/context.ts'
import type { AccountId } from '../domain/ids.ts'
import type { ServiceName } from './model.ts'

/** What the edge knows of a request before the application makes a `Ctx` of it. */
export interface EdgeRequest {
  account: AccountId
  region: string
  principal: Principal
  requestId: string
  /** Of the parameters without the client token: for idempotency. */
  requestHash: string
  sourceIp: string
  via?: Via
  userAgent?: string | undefined
  referer?: string | undefined
  service: ServiceName
  operation: string
}

/** Where in a VPC a guest's request came in. */
export interface Via {
  vpcId: string
  address: string
}
