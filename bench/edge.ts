/**
 * CPU of one DescribeInstances request at the edge: route, verify the signature, decode, filter, page, encode.
 * The second column adds HTTP on both sides (the client is in the same process). `node bench/edge.ts`
 */
import http from 'node:http'
import { Sha256 } from '@aws-crypto/sha256-js'
import type { Instance } from '@aws-sdk/client-ec2'
import { SignatureV4 } from '@smithy/signature-v4'
import type { RawRequest } from '../src/aws/dispatch.ts'
import { operation } from '../src/aws/operation.ts'
import { ACCESS_KEY, startEdge } from '../test/unit/aws/edge-harness.ts'

function sampleInstance(index: number): Instance {
  const at = new Date(1_700_000_000_000)
  const id = String(index).padStart(17, '0')
  return {
    InstanceId: `i-${id}`,
    ImageId: 'ami-0123456789abcdef0',
    State: { Code: 16, Name: 'running' },
    PrivateDnsName: 'ip-10-0-0-5.ec2.internal',
    PublicDnsName: '',
    StateTransitionReason: '',
    KeyName: 'key',
    AmiLaunchIndex: 0,
    ProductCodes: [],
    InstanceType: 't3.micro',
    LaunchTime: at,
    Placement: { AvailabilityZone: 'us-east-1a', GroupName: '', Tenancy: 'default' },
    Monitoring: { State: 'disabled' },
    SubnetId: 'subnet-0123456789abcdef0',
    VpcId: 'vpc-0123456789abcdef0',
    PrivateIpAddress: '10.0.0.5',
    Architecture: 'x86_64',
    RootDeviceType: 'ebs',
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [
      {
        DeviceName: '/dev/xvda',
        Ebs: {
          AttachTime: at,
          DeleteOnTermination: true,
          Status: 'attached',
          VolumeId: `vol-${id}`,
        },
      },
    ],
    VirtualizationType: 'hvm',
    Tags: [
      { Key: 'Name', Value: `machine ${index}` },
      { Key: 'team', Value: 'blue & green' },
    ],
    SecurityGroups: [{ GroupId: 'sg-0123456789abcdef0', GroupName: 'default' }],
    SourceDestCheck: true,
    Hypervisor: 'xen',
    NetworkInterfaces: [
      {
        NetworkInterfaceId: `eni-${id}`,
        SubnetId: 'subnet-0123456789abcdef0',
        VpcId: 'vpc-0123456789abcdef0',
        Description: '',
        OwnerId: '123456789012',
        Status: 'in-use',
        MacAddress: '02:00:00:00:00:01',
        PrivateIpAddress: '10.0.0.5',
        SourceDestCheck: true,
        Groups: [{ GroupId: 'sg-0123456789abcdef0', GroupName: 'default' }],
        Attachment: { AttachmentId: `eni-attach-${id}`, DeviceIndex: 0, AttachTime: at },
        PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.5', Primary: true }],
        InterfaceType: 'interface',
      },
    ],
    EnaSupport: true,
    CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
    MetadataOptions: { State: 'applied', HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
    BootMode: 'uefi',
    PlatformDetails: 'Linux/UNIX',
  }
}

const BODY =
  'Action=DescribeInstances&Version=2016-11-15' +
  '&Filter.1.Name=instance-state-name&Filter.1.Value.1=running'

const instances = Array.from({ length: 1_000 }, (_, index) => sampleInstance(index))
let count = 1

await using edge = await startEdge({
  operations: {
    'ec2/DescribeInstances': operation<'ec2', 'DescribeInstances', Instance>({
      filters: { 'instance-state-name': (instance) => instance.State?.Name },
      handle: (_ctx, _input, call) => {
        const found = call.filter(instances.slice(0, count))
        const { items, nextToken } = call.page(found, { key: (one) => one.InstanceId! })
        const Reservations = items.map((one) => ({ ReservationId: 'r-1', Instances: [one] }))
        return { Reservations, NextToken: nextToken }
      },
    }),
  },
})

const { host, hostname, port } = new URL(edge.url)
const signer = new SignatureV4({
  service: 'ec2',
  region: 'us-east-1',
  credentials: ACCESS_KEY,
  sha256: Sha256,
})
const { headers } = await signer.sign({
  method: 'POST',
  protocol: 'http:',
  hostname,
  path: '/',
  headers: { host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  body: BODY,
})
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
const raw: RawRequest = {
  method: 'POST',
  path: '/',
  query: [],
  headers,
  body: Buffer.from(BODY),
  sourceIp: '127.0.0.1',
}

function overHttp(): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { agent, method: 'POST', hostname, port, path: '/', headers }
    const request = http.request(options, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('end', () => resolve(response.statusCode === 200 ? bytes : Number.NaN))
    })
    request.on('error', reject)
    request.end(BODY)
  })
}

async function direct(): Promise<number> {
  const answer = await edge.dispatch(raw)
  return answer.body.reduce((sum, chunk) => sum + chunk.length, 0)
}

async function cpuMs(loops: number, once: () => Promise<number>): Promise<[number, number]> {
  for (let index = 0; index < loops; index++) await once()
  const before = process.cpuUsage()
  let bytes = 0
  for (let index = 0; index < loops; index++) bytes = await once()
  const { user, system } = process.cpuUsage(before)
  return [(user + system) / 1_000 / loops, bytes]
}

console.log('instances      bytes   edge ms   with HTTP both sides ms')
for (const [size, loops] of [
  [1, 3_000],
  [100, 300],
  [1_000, 40],
] as const) {
  count = size
  const [edgeMs, bytes] = await cpuMs(loops, direct)
  const [httpMs] = await cpuMs(loops, overHttp)
  const row = [size, bytes, edgeMs.toFixed(3), httpMs.toFixed(3)]
  console.log(row.map((cell) => String(cell).padStart(9)).join(' '))
}
agent.destroy()
