/** Who may do what with the Backup gateway, what lies on the disk of it, and how words of a hypervisor become tags. */
import {
  AssociateGatewayToServerCommand,
  GetHypervisorCommand,
  GetHypervisorPropertyMappingsCommand,
  ImportHypervisorConfigurationCommand,
  ListHypervisorsCommand,
  ListTagsForResourceCommand,
  ListVirtualMachinesCommand,
  PutHypervisorPropertyMappingsCommand,
  TagResourceCommand,
} from '@aws-sdk/client-backup-gateway'
import { CreateRoleCommand } from '@aws-sdk/client-iam'
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms'
import { expect, test } from 'vitest'
import { backupDoor } from '../../src/main/backup-door.ts'
import type { Home } from '../../src/main/home.ts'
import { ACCOUNT, startTestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { eventually } from '../support/eventually.ts'
import {
  gatewayMake,
  hypervisorGet,
  hypervisorMake,
  listed,
  machinesOf,
  stateIs,
} from '../support/gateway.ts'
import { allow, deny, document, failureOf, userMake } from '../support/iam.ts'
import { selfSigned } from '../support/openssl.ts'

const settings = { hypervisorLookMs: 100 }
const LOCAL = 'qemu:///system'
const REMOTE = 'qemu+tls://kvm.example/system'
const secret = { Host: REMOTE, Username: 'backup-user', Password: 'hunter2-of-tests' }

test('credentials lie sealed in the store, and no answer shows them', async () => {
  await using cloud = await startTestCloud({ settings })
  const client = cloud.gatewayOf()
  const { hypervisorArn } = await hypervisorMake(cloud, client, secret)
  const stored = await cloud.app.store.list('hypervisor', {})
  expect(stored).toHaveLength(1)
  for (const text of [
    JSON.stringify(stored),
    JSON.stringify(await hypervisorGet(client, hypervisorArn)),
  ]) {
    expect(text).not.toContain(secret.Password)
    expect(text).not.toContain(secret.Username)
  }
  cloud.agent.hypervisors.set(REMOTE, { password: secret.Password, machines: [] })
  await stateIs(client, hypervisorArn, 'ONLINE')
})

test('sealed with a key of KMS they need that key: disabled, nobody is let in', async () => {
  await using cloud = await startTestCloud({ settings })
  const client = cloud.gatewayOf()
  const kms = cloud.kmsOf()
  const { KeyId, Arn } = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!
  cloud.agent.hypervisors.set(REMOTE, { password: secret.Password, machines: [] })
  const { hypervisorArn } = await hypervisorMake(cloud, client, { ...secret, KmsKeyArn: Arn })
  expect(await stateIs(client, hypervisorArn, 'ONLINE')).toMatchObject({ KmsKeyArn: Arn })
  await kms.send(new DisableKeyCommand({ KeyId }))
  const shown = await stateIs(client, hypervisorArn, 'ERROR')
  expect(shown.LatestMetadataSyncStatusMessage).toContain('ERROR')
  await kms.send(new EnableKeyCommand({ KeyId }))
  await stateIs(client, hypervisorArn, 'ONLINE')
  const absent = Arn!.replace(/.{4}$/, '0000')
  const input = { Name: 'x', Host: 'qemu+tls://other.example', KmsKeyArn: absent }
  const failure = await failureOf(client.send(new ImportHypervisorConfigurationCommand(input)))
  expect(failure.code).toBe('ValidationException')
})

test('mappings turn words of the hypervisor into tags, beneath those that users write', async () => {
  await using cloud = await startTestCloud({ settings })
  const client = cloud.gatewayOf()
  const words = [
    { category: 'env', name: 'prod', description: null },
    { category: 'os', name: 'debian', description: null },
  ]
  cloud.agent.hypervisors.set(LOCAL, {
    password: null,
    machines: [listed('web', { words }), listed('db')],
  })
  const { hypervisorArn } = await hypervisorMake(cloud, client)
  const machines = await eventually(
    () => machinesOf(client),
    (all) => all.length === 2,
  )
  const web = machines.find(({ Name }) => Name === 'web')!.ResourceArn!
  const db = machines.find(({ Name }) => Name === 'db')!.ResourceArn!
  const put = (IamRoleArn: string, ...tags: [string, string, string, string][]) =>
    client.send(
      new PutHypervisorPropertyMappingsCommand({
        HypervisorArn: hypervisorArn,
        IamRoleArn,
        VmwareToAwsTagMappings: tags.map(([category, name, key, value]) => ({
          VmwareCategory: category,
          VmwareTagName: name,
          AwsTagKey: key,
          AwsTagValue: value,
        })),
      }),
    )
  const role = `arn:aws:iam::${ACCOUNT}:role/tagger`
  expect(await nameOf(put(role, ['env', 'prod', 'backup', 'daily']))).toBe('AccessDeniedException')
  const AssumeRolePolicyDocument = document({
    Effect: 'Allow',
    Principal: { Service: 'backup-gateway.amazonaws.com' },
    Action: 'sts:AssumeRole',
  })
  await cloud.iamOf().send(new CreateRoleCommand({ RoleName: 'tagger', AssumeRolePolicyDocument }))
  expect(await nameOf(put(role, ['env', 'prod', 'aws:x', 'daily']))).toBe('ValidationException')
  const twice: [string, string, string, string] = ['env', 'prod', 'backup', 'weekly']
  expect(await nameOf(put(role, ['env', 'prod', 'backup', 'daily'], twice))).toBe(
    'ValidationException',
  )
  await put(role, ['env', 'prod', 'backup', 'daily'], ['env', 'test', 'backup', 'never'])
  const got = await client.send(
    new GetHypervisorPropertyMappingsCommand({ HypervisorArn: hypervisorArn }),
  )
  expect(got.IamRoleArn).toBe(role)
  expect(got.VmwareToAwsTagMappings).toHaveLength(2)
  const tagsOf = async (ResourceArn: string) =>
    (await client.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags
  expect(await tagsOf(web)).toEqual([{ Key: 'backup', Value: 'daily' }])
  expect(await tagsOf(db)).toEqual([])
  const Tags = [{ Key: 'backup', Value: 'mine' }]
  await client.send(new TagResourceCommand({ ResourceARN: web, Tags }))
  expect(await tagsOf(web)).toEqual(Tags)
})

test('policies name gateways, hypervisors and machines, by ARN and by tag', async () => {
  await using cloud = await startTestCloud({ mode: 'strict', settings })
  const root = cloud.gatewayOf()
  cloud.agent.hypervisors.set(LOCAL, { password: null, machines: [listed('web')] })
  const { hypervisorArn, gatewayArn } = await hypervisorMake(cloud, root, {
    Tags: [{ Key: 'team', Value: 'blue' }],
  })
  const iam = cloud.iamOf()
  const keys = await userMake(
    iam,
    'blue',
    allow('backup-gateway:GetHypervisor', '*', {
      StringEquals: { 'aws:ResourceTag/team': 'blue' },
    }),
    allow('backup-gateway:AssociateGatewayToServer', gatewayArn),
    allow('backup-gateway:ListVirtualMachines'),
    allow('backup-gateway:PutHypervisorPropertyMappings'),
    deny('backup-gateway:ListHypervisors'),
  )
  const client = cloud.gatewayOf({ credentials: keys })
  const HypervisorArn = hypervisorArn
  expect(
    (await client.send(new GetHypervisorCommand({ HypervisorArn }))).Hypervisor!.HypervisorArn,
  ).toBe(hypervisorArn)
  await client.send(new ListVirtualMachinesCommand({}))
  const denied = await failureOf(client.send(new ListHypervisorsCommand({})))
  expect(denied.code).toBe('AccessDeniedException')
  expect(denied.message).toContain('explicit deny')
  // Both the gateway and the hypervisor must be allowed.
  const associate = new AssociateGatewayToServerCommand({
    GatewayArn: gatewayArn,
    ServerArn: hypervisorArn,
  })
  const half = await failureOf(client.send(associate))
  expect(half.message).toContain(hypervisorArn)
  const pass = new PutHypervisorPropertyMappingsCommand({
    HypervisorArn,
    IamRoleArn: `arn:aws:iam::${ACCOUNT}:role/tagger`,
    VmwareToAwsTagMappings: [],
  })
  expect((await failureOf(client.send(pass))).message).toContain('iam:PassRole')
  const tagged = new ImportHypervisorConfigurationCommand({
    Name: 'x',
    Host: REMOTE,
    Tags: [{ Key: 'a', Value: 'b' }],
  })
  expect((await failureOf(client.send(tagged))).code).toBe('AccessDeniedException')
  await gatewayMake(cloud, root)
})

test('certificates of a host are given by its owner, checked, and lie sealed', async () => {
  await using cloud = await startTestCloud({ settings })
  const client = cloud.gatewayOf()
  const scope = { account: ACCOUNT, region: 'us-east-1' }
  const { certificate, key } = await selfSigned('kvm.example')
  const other = await selfSigned('other.example')
  const door = backupDoor(cloud.app, { root: '/nowhere' } as Home)
  const put = (words: object) =>
    door.call('certificates-put', scope, {
      ...{ host: 'kvm.example', authority: certificate, certificate, key },
      ...words,
    })
  cloud.agent.hypervisors.set(REMOTE, { password: null, key, machines: [] })
  const { hypervisorArn } = await hypervisorMake(cloud, client, { Host: REMOTE })
  await stateIs(client, hypervisorArn, 'ERROR')
  await expect(put({ key: other.key })).rejects.toThrow(/not the key of the certificate/)
  await expect(put({ authority: key })).rejects.toThrow(/a certificate as PEM/)
  for (const host of ['a/../b', 'kvm.example:16514', '[::1]', '']) {
    await expect(put({ host })).rejects.toThrow()
  }
  expect(await put({})).toMatchObject({ host: 'kvm.example', subject: 'CN=kvm.example' })
  await stateIs(client, hypervisorArn, 'ONLINE')

  const [setting] = await cloud.app.store.settingNames('hypervisor-certificates:')
  expect(await cloud.app.store.setting(setting!)).not.toContain('PRIVATE KEY')
  const listed = JSON.stringify(await door.call('certificates', scope, {}))
  expect(listed).toContain('CN=kvm.example')
  expect(listed).not.toContain('PRIVATE KEY')

  await door.call('certificates-forget', scope, { host: 'kvm.example' })
  await stateIs(client, hypervisorArn, 'ERROR')
  expect(await door.call('certificates', scope, {})).toEqual({ certificates: [] })
})
