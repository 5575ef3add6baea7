/** A request to the cloud's port, signed by the keys of its owner, for what no SDK here has a client. */
import type { Cloud } from './home.ts'

export interface SignedRequest {
  /** That it is signed for. */
  service: string
  method: 'GET' | 'POST'
  path: string
  headers: Readonly<Record<string, string>>
  body: string | undefined
  timeoutMs: number
}

export async function signedFetch(
  cloud: Pick<Cloud, 'credentials' | 'endpoint' | 'port'>,
  { service, method, path, headers, body, timeoutMs }: SignedRequest,
): Promise<Response> {
  const [{ SignatureV4 }, { Sha256 }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@aws-crypto/sha256-js'),
  ])
  const { region } = cloud.credentials
  const signer = new SignatureV4({
    service,
    region,
    credentials: cloud.credentials,
    sha256: Sha256,
  })
  const signed = await signer.sign({
    method,
    protocol: 'http:',
    hostname: '127.0.0.1',
    port: cloud.port,
    path,
    query: {},
    headers: { host: `127.0.0.1:${cloud.port}`, ...headers },
    body,
  })
  return fetch(`${cloud.endpoint}${path}`, {
    method,
    headers: signed.headers,
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(timeoutMs),
  })
}
