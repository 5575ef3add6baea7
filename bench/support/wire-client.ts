/**
 * A client that costs little: signs and sends EC2 calls and keeps the XML as text, so that what is measured is the
 * server and not an XML parser. Any EC2 endpoint understands it; the same one measures Brume and moto.
 */
import http from 'node:http'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Credentials } from './simulated.ts'

export type Parameters = Record<string, string | number>

export interface WireClient {
  /** The answer's XML. @throws Error with the server's words unless it is 200. */
  call(action: string, parameters?: Parameters): Promise<string>
  close(): void
}

const VERSION = '2016-11-15'
/** Ten thousand instances take a slow server long. */
const TIMEOUT_MS = 600_000

export function wireClient(url: string, credentials: Credentials): WireClient {
  const { hostname, port, host } = new URL(url)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
  const { region } = credentials
  const signer = new SignatureV4({ service: 'ec2', region, credentials, sha256: Sha256 })
  return {
    call: async (action, parameters = {}) => {
      const form = new URLSearchParams({ Action: action, Version: VERSION })
      for (const [name, value] of Object.entries(parameters)) form.set(name, String(value))
      const body = form.toString()
      const type = 'application/x-www-form-urlencoded; charset=utf-8'
      const { headers } = await signer.sign({
        method: 'POST',
        protocol: 'http:',
        hostname,
        path: '/',
        headers: { host, 'content-type': type, 'content-length': String(Buffer.byteLength(body)) },
        body,
      })
      const { status, text } = await send({ agent, hostname, port, path: '/', headers }, body)
      if (status === 200) return text
      throw new Error(`${action}: ${status} ${text.slice(0, 500)}`)
    },
    close: () => agent.destroy(),
  }
}

function send(
  options: http.RequestOptions,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { ...options, method: 'POST', timeout: TIMEOUT_MS },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        )
      },
    )
    request.on('timeout', () => request.destroy(new Error('no answer in time')))
    request.on('error', reject)
    request.end(body)
  })
}

/** The text of every element of this name. */
export function textsOf(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(
    (match) => match[1]!,
  )
}

/** Every page of a listing; how many pages there were. */
export async function everyPage(
  client: WireClient,
  action: string,
  parameters: Parameters,
  onPage: (xml: string) => void = () => {},
): Promise<number> {
  let token: string | undefined
  for (let pages = 1; ; pages++) {
    const xml = await client.call(action, { ...parameters, ...(token ? { NextToken: token } : {}) })
    onPage(xml)
    token = textsOf(xml, 'nextToken')[0]
    if (!token) return pages
  }
}

/** A subnet with room for tens of thousands, and an image: what RunInstances needs. */
export async function launchParameters(client: WireClient): Promise<Parameters> {
  const vpc = await client.call('CreateVpc', { CidrBlock: '10.0.0.0/16' })
  const VpcId = textsOf(vpc, 'vpcId')[0]!
  const subnet = await client.call('CreateSubnet', { VpcId, CidrBlock: '10.0.0.0/16' })
  const images = await client.call('DescribeImages', { 'Owner.1': 'amazon' })
  const ImageId = textsOf(images, 'imageId')[0]
  const SubnetId = textsOf(subnet, 'subnetId')[0]
  if (!ImageId || !SubnetId) throw new Error('the server has no image or made no subnet')
  return { ImageId, SubnetId, InstanceType: 't2.nano' }
}

export function runInstances(
  client: WireClient,
  parameters: Parameters,
  count: number,
): Promise<string> {
  return client.call('RunInstances', { ...parameters, MinCount: count, MaxCount: count })
}
