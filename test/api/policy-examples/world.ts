/** Where published examples are tried: one user whose policy changes, and resources that policies tell apart. */
import * as Ec2 from '@aws-sdk/client-ec2'
import * as Iam from '@aws-sdk/client-iam'
import {
  CreateVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  SimulateCustomPolicyCommand,
  TagUserCommand,
} from '@aws-sdk/client-iam'
import { GetSessionTokenCommand } from '@aws-sdk/client-sts'
import { STEP_MS, totpCode } from '../../../src/lib/totp.ts'
import { TINY } from '../../support/app.ts'
import { ACCOUNT, REGION, startTestCloud, type TestCloud } from '../../support/cloud.ts'
import { document, keysOf, userMake, type Keys } from '../../support/iam.ts'
import { memberMake } from './member.ts'
import type { Member } from './member.ts'

export const USER = 'jane'
/** The address that the test's requests come from. */
export const OWN_ADDRESS = '127.0.0.1/32'

export type Statement = Record<string, unknown>

/** One question to the cloud: may the user? */
export type Ask = (world: World, policy: string) => Promise<'allowed' | 'refused'>

export interface Example {
  title: string
  policy: readonly Statement[]
  allowed: readonly Ask[]
  refused: readonly Ask[]
}

export interface World {
  cloud: TestCloud
  member: Member
  /** Of the member account. */
  farInstance: string
  plain: Keys
  withMfa: Keys
  mine: string
  theirs: string
  myVolume: string
  theirVolume: string
  vpc: string
  farVpc: string
  subnet: string
  otherSubnet: string
  farSubnet: string
  group: string
  farGroup: string
  table: string
  farTable: string
  gateway: string
  otherGateway: string
  /** Of the default VPC. */
  wayOut: string
  address: string
}

export const ec2Arn = (rest: string, region = REGION) => `arn:aws:ec2:${region}:${ACCOUNT}:${rest}`
export const iamArn = (rest: string) => `arn:aws:iam::${ACCOUNT}:${rest}`
export const IMAGES = `arn:aws:ec2:${REGION}::image/*`

export const allow = (Action: unknown, Resource: unknown = '*', Condition?: object): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
})
export const deny = (Action: unknown, Resource: unknown = '*', Condition?: object): Statement => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
})

interface How {
  region?: string
  hasMfa?: boolean
}

type Input = Record<string, unknown>
type Make = Input | ((world: World) => Input)

const inputOf = (make: Make, world: World): Input =>
  typeof make === 'function' ? make(world) : make

/** Null: it has no `DryRun`, and was done. The last two are said of requests that were let through. */
const PAST_THE_GATE: ReadonlySet<string | null> = new Set([
  null,
  'DryRunOperation',
  'InvalidRoute.NotFound',
  'UnsupportedOperation',
])

/** A call of EC2, without effects: `DryRun` says which it would be. */
export const ec2 =
  (operation: string, make: Make = {}, how: How = {}): Ask =>
  async (world) => {
    const credentials = how.hasMfa ? world.withMfa : world.plain
    const client = world.cloud.ec2Of({ credentials, ...(how.region && { region: how.region }) })
    const Command = (Ec2 as never)[`${operation}Command`] as typeof Ec2.RunInstancesCommand
    const input = { ...inputOf(make, world), DryRun: true }
    const code = await codeOf(client.send(new Command(input as never)))
    if (PAST_THE_GATE.has(code)) return 'allowed'
    if (code === 'UnauthorizedOperation') return 'refused'
    throw new Error(`${operation} ended in ${code}`)
  }

/** A call of IAM, for real. What it ends in beside a refusal does not matter. */
export const iam =
  (operation: string, make: Make = {}, how: How = {}): Ask =>
  async (world) => {
    const client = world.cloud.iamOf({ credentials: how.hasMfa ? world.withMfa : world.plain })
    const Command = (Iam as never)[`${operation}Command`] as typeof Iam.GetUserCommand
    const code = await codeOf(client.send(new Command(inputOf(make, world))))
    // Sessions without MFA are no guests of IAM; that is no policy's doing.
    if (code === 'InvalidClientTokenId') throw new Error(`${operation}: no session for IAM`)
    return code === 'AccessDenied' ? 'refused' : 'allowed'
  }

/** In the member account that service control policies hang on, by its administrator: a role, or a user. */
export const ecIn =
  (operation: string, input: Input = {}, region?: string, who: 'role' | 'user' = 'role'): Ask =>
  (world, policy) => {
    const { cloud, member } = world
    const plain = who === 'role' ? member.role : member.user
    return ec2(operation, input, region ? { region } : {})({ ...world, cloud, plain }, policy)
  }

export const iamIn =
  (operation: string, input: Input = {}): Ask =>
  (world, policy) =>
    iam(operation, input)({ ...world, plain: world.member.role }, policy)

/** For services that are not here: the simulator, which is the same engine, asked over the API. */
export const simulated =
  (action: string, resource: string, keys: Readonly<Record<string, string | string[]>> = {}): Ask =>
  async (world, policy) => {
    const { EvaluationResults } = await world.cloud.iamOf().send(
      new SimulateCustomPolicyCommand({
        PolicyInputList: [policy],
        ActionNames: [action],
        ResourceArns: [resource],
        ContextEntries: Object.entries(keys).map(([ContextKeyName, values]) => ({
          ContextKeyName,
          ContextKeyValues: [values].flat(),
          ContextKeyType: 'stringList' as const,
        })),
      }),
    )
    return EvaluationResults![0]!.EvalDecision === 'allowed' ? 'allowed' : 'refused'
  }

async function codeOf(call: Promise<unknown>): Promise<string | null> {
  try {
    await call
    return null
  } catch (error) {
    if (!(error instanceof Error && '$metadata' in error)) throw error
    if (!error.message.includes('is not served yet')) return error.name
    throw error
  }
}

/** A launch that names everything it uses. */
export const launch =
  (change: Input = {}): ((world: World) => Input) =>
  (world) => ({
    ImageId: TINY,
    InstanceType: 't3.nano',
    MinCount: 1,
    MaxCount: 1,
    SubnetId: world.subnet,
    SecurityGroupIds: [world.group],
    ...change,
  })

export const tags = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([Key, Value]) => ({ Key, Value }))
export const tagging = (values: Readonly<Record<string, string>>, ...types: string[]) => ({
  TagSpecifications: types.map((ResourceType) => ({ ResourceType, Tags: tags(values) })),
})

export async function worldMake(): Promise<World> {
  const cloud = await startTestCloud({ mode: 'strict' })
  const plain = await userMake(cloud.iamOf(), USER)
  const Tags = tags({ department: 'dev', CostCenter: '12345', team: 'a' })
  await cloud.iamOf().send(new TagUserCommand({ UserName: USER, Tags }))
  for (const UserName of ['john', 'example-user']) await userMake(cloud.iamOf(), UserName)
  const withMfa = await mfaSession(cloud, plain)
  const far = await memberMake(cloud)
  return { cloud, plain, withMfa, ...far, ...(await machines(cloud)), ...(await networks(cloud)) }
}

async function mfaSession(cloud: TestCloud, plain: Keys): Promise<Keys> {
  const iamOfRoot = cloud.iamOf()
  const { VirtualMFADevice: device } = await iamOfRoot.send(
    new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: USER }),
  )
  const letters = Buffer.from(device!.Base32StringSeed!).toString()
  const bits = [...letters].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  const bytes = bits
    .join('')
    .match(/.{8}/g)!
    .map((eight) => Number.parseInt(eight, 2))
  const codeAt = (step: number) =>
    totpCode(Buffer.from(bytes), Math.floor(Date.now() / STEP_MS) + step)
  const { SerialNumber } = device!
  const codes = { AuthenticationCode1: codeAt(-1), AuthenticationCode2: codeAt(0) }
  await iamOfRoot.send(new EnableMFADeviceCommand({ UserName: USER, SerialNumber, ...codes }))
  const { Credentials } = await cloud
    .stsOf({ credentials: plain })
    .send(new GetSessionTokenCommand({ SerialNumber, TokenCode: codeAt(1) }))
  return keysOf(Credentials!)
}

async function machines(cloud: TestCloud) {
  const run = async (values: Readonly<Record<string, string>>) => {
    const { Instances } = await cloud.ec2.runInstances({
      ImageId: TINY,
      InstanceType: 't3.nano',
      MinCount: 1,
      MaxCount: 1,
      ...tagging(values, 'instance'),
    } as Ec2.RunInstancesCommandInput)
    return Instances![0]!.InstanceId!
  }
  const mine = await run({
    Owner: USER,
    owner: USER,
    department: 'dev',
    purpose: 'test',
    CostCenter: '12345',
  })
  const theirs = await run({ Owner: 'john', owner: 'john', department: 'ops' })
  const volume = async (values: Readonly<Record<string, string>>) => {
    const made = await cloud.ec2.createVolume({
      AvailabilityZone: `${REGION}a`,
      Size: 1,
      ...tagging(values, 'volume'),
    } as Ec2.CreateVolumeCommandInput)
    return made.VolumeId!
  }
  const myVolume = await volume({ volume_user: USER, VolumeUser: USER })
  return { mine, theirs, myVolume, theirVolume: await volume({ volume_user: 'john' }) }
}

async function networks({ ec2: client }: TestCloud) {
  const { Vpcs } = await client.describeVpcs({})
  const vpc = Vpcs![0]!.VpcId!
  const { Subnets } = await client.describeSubnets({})
  const inZone = (letter: string) =>
    Subnets!.find(({ AvailabilityZone }) => AvailabilityZone === `${REGION}${letter}`)!.SubnetId!
  const { Vpc } = await client.createVpc({ CidrBlock: '10.9.0.0/16' })
  const farVpc = Vpc!.VpcId!
  const far = await client.createSubnet({ VpcId: farVpc, CidrBlock: '10.9.1.0/24' })
  const groupMake = async (VpcId: string, Tags: object) =>
    (
      await client.createSecurityGroup({
        GroupName: 'own',
        Description: 'own',
        VpcId,
        ...Tags,
      } as Ec2.CreateSecurityGroupCommandInput)
    ).GroupId!
  const tableMake = async (VpcId: string, values: Readonly<Record<string, string>>) => {
    const input = { VpcId, ...tagging(values, 'route-table') } as Ec2.CreateRouteTableCommandInput
    return (await client.createRouteTable(input)).RouteTable!.RouteTableId!
  }
  const { InternetGateways } = await client.describeInternetGateways({})
  const wayOut = InternetGateways!.find(({ Attachments }) => Attachments!.length > 0)!
  const gatewayMake = async (values: Readonly<Record<string, string>>) => {
    const input = tagging(values, 'internet-gateway') as Ec2.CreateInternetGatewayCommandInput
    return (await client.createInternetGateway(input)).InternetGateway!.InternetGatewayId!
  }
  return {
    vpc,
    farVpc,
    subnet: inZone('a'),
    otherSubnet: inZone('b'),
    farSubnet: far.Subnet!.SubnetId!,
    group: await groupMake(vpc, tagging({ Stack: 'test' }, 'security-group')),
    farGroup: await groupMake(farVpc, {}),
    table: await tableMake(vpc, { Purpose: 'Test' }),
    farTable: await tableMake(farVpc, { Purpose: 'Else' }),
    gateway: await gatewayMake({ Purpose: 'Test' }),
    otherGateway: await gatewayMake({ Purpose: 'Else' }),
    wayOut: wayOut.InternetGatewayId!,
    address: (await client.allocateAddress({})).AllocationId!,
  }
}

export { document }
