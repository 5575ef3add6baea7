/** A real S3 server on loopback (s3rver), and a proxy before it that can be told to behave badly. */
import { createRequire } from 'node:module'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { S3Location } from '../../../src/backup/store/s3.ts'

interface S3Rver {
  run(): Promise<AddressInfo>
  close(): Promise<void>
}
const require = createRequire(import.meta.url)

export const BUCKET = 'vaults'

/** What the proxy does with a request instead of passing it on; null: passes it on. */
export type Fault =
  | { type: 'status'; status: number }
  /** Takes the request and never answers. */
  | { type: 'silence' }
  /** Cuts the connection after so many bytes of the answer. */
  | { type: 'cut'; bytes: number }
  | { type: 'delay'; ms: number }
  | null

export interface S3Server {
  location: S3Location
  /** Of every request, in order. */
  seen: { method: string; path: string; headers: IncomingMessage['headers'] }[]
  fault: (request: { method: string; path: string; count: number }) => Fault
  close(): Promise<void>
}

export async function startS3(directory: string): Promise<S3Server> {
  const S3rver = require('@20minutes/s3rver') as new (options: object) => S3Rver
  // It reckons a bucket's path with a slash at its end, which the SDK does not send; keys are checked all the same.
  const allowMismatchedSignatures = true
  const options = {
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    allowMismatchedSignatures,
  }
  const real = new S3rver({ ...options, configureBuckets: [{ name: BUCKET, configs: [] }] })
  const { port } = await real.run()
  const server: S3Server = { seen: [], fault: () => null } as unknown as S3Server
  const proxy = createServer((from, to) => pass(server, port, from, to))
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  server.location = {
    type: 's3',
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    region: 'us-east-1',
    bucket: BUCKET,
    prefix: 'brume/one/',
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  }
  server.close = async () => {
    proxy.closeAllConnections()
    await new Promise((resolve) => proxy.close(resolve))
    await real.close()
  }
  return server
}

function pass(server: S3Server, port: number, from: IncomingMessage, to: ServerResponse): void {
  const { method = 'GET', url = '/', headers } = from
  server.seen.push({ method, path: url, headers })
  const fault = server.fault({ method, path: url, count: server.seen.length })
  if (fault?.type === 'silence') return
  if (fault?.type === 'status') {
    from.resume()
    from.on('end', () => to.writeHead(fault.status).end('<Error><Code>SlowDown</Code></Error>'))
    return
  }
  const forward = (): void => {
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      to.writeHead(answer.statusCode!, answer.headers)
      let left = fault?.type === 'cut' ? fault.bytes : Number.POSITIVE_INFINITY
      answer.on('data', (part: Buffer) => {
        to.write(part.subarray(0, Math.max(0, left)))
        left -= part.length
        if (left <= 0) to.destroy()
      })
      answer.on('end', () => to.end())
    })
    onward.on('error', () => to.destroy())
    from.pipe(onward)
  }
  if (fault?.type === 'delay') setTimeout(forward, fault.ms)
  else forward()
}
