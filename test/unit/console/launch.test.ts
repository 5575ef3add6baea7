/** A launch as the page has it, as a command and as Terraform. That both work is tested in test/api/console-launch. */
import { expect, test } from 'vitest'
import {
  draftNew,
  problemsOf,
  runInput,
  templateData,
  type Draft,
} from '../../../console/src/pages/launch/draft.ts'
import { awsCommand, terraform, terraformLabel } from '../../../console/src/pages/launch/render.ts'
import { shellWord } from '../../../console/src/util/shell.ts'
import { userDataCheck } from '../../../console/src/util/user-data.ts'

const draft: Draft = {
  ...draftNew(),
  name: "Bob's web",
  imageId: 'ami-1',
  vpcId: 'vpc-1',
  keyName: 'mine',
  groups: { ...draftNew().groups, name: 'launch-wizard-1' } as Draft['groups'],
}

test('as an aws command', () => {
  expect(awsCommand(draft)).toMatchInlineSnapshot(`
    "group=$(aws ec2 create-security-group \\
      --group-name launch-wizard-1 \\
      --description 'Made by the launch wizard' \\
      --vpc-id vpc-1 \\
      --query GroupId --output text)
    aws ec2 authorize-security-group-ingress \\
      --group-id "$group" \\
      --ip-permissions '[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"100.64.0.1/32","Description":"SSH from this host"}]}]'
    aws ec2 run-instances \\
      --image-id ami-1 \\
      --instance-type t3.micro \\
      --key-name mine \\
      --security-group-ids "$group" \\
      --block-device-mappings '[{"DeviceName":"/dev/xvda","Ebs":{"VolumeSize":8,"VolumeType":"gp3","DeleteOnTermination":true}}]' \\
      --metadata-options '{"HttpTokens":"required","HttpPutResponseHopLimit":2,"InstanceMetadataTags":"disabled"}' \\
      --tag-specifications '[{"ResourceType":"instance","Tags":[{"Key":"Name","Value":"Bob'\\''s web"}]},{"ResourceType":"volume","Tags":[{"Key":"Name","Value":"Bob'\\''s web"}]}]'"
  `)
})

test('as Terraform', () => {
  expect(terraform({ ...draft, userData: 'echo "${x}"\n' })).toMatchInlineSnapshot(`
    "resource "aws_instance" "bob_s_web" {
      ami                    = "ami-1"
      instance_type          = "t3.micro"
      key_name               = "mine"
      vpc_security_group_ids = [aws_security_group.bob_s_web.id]
      user_data              = "echo \\"$\${x}\\"\\n"

      root_block_device {
        volume_size           = 8
        volume_type           = "gp3"
        delete_on_termination = true
      }

      metadata_options {
        http_tokens                 = "required"
        http_put_response_hop_limit = 2
        instance_metadata_tags      = "disabled"
      }

      tags = {
        Name = "Bob's web"
      }

      volume_tags = {
        Name = "Bob's web"
      }
    }

    resource "aws_security_group" "bob_s_web" {
      name        = "launch-wizard-1"
      description = "Made by the launch wizard"
      vpc_id      = "vpc-1"

      ingress {
        description = "SSH from this host"
        from_port   = 22
        to_port     = 22
        protocol    = "tcp"
        cidr_blocks = ["100.64.0.1/32"]
      }

      egress {
        from_port   = 0
        to_port     = 0
        protocol    = "-1"
        cidr_blocks = ["0.0.0.0/0"]
      }
    }"
  `)
})

test('an interface of its own carries the groups where a public address is asked for', () => {
  const input = runInput({ ...draft, publicAddress: 'no', subnetId: 'subnet-1' }, ['sg-1'])
  expect(input.SecurityGroupIds).toBeUndefined()
  expect(input.SubnetId).toBeUndefined()
  expect(input.NetworkInterfaces).toEqual([
    { DeviceIndex: 0, Groups: ['sg-1'], AssociatePublicIpAddress: false, SubnetId: 'subnet-1' },
  ])
})

test("a launch template says the same, but for how many; a subnet is its interface's", () => {
  const { MinCount, MaxCount, ...whole } = runInput(draft, ['sg-1'])
  expect([MinCount, MaxCount]).toEqual([1, 1])
  expect(templateData(draft, ['sg-1'])).toEqual(whole)
  const inSubnet = templateData({ ...draft, subnetId: 'subnet-1' }, ['sg-1'])
  expect(inSubnet.SecurityGroupIds).toBeUndefined()
  expect(inSubnet).not.toHaveProperty('SubnetId')
  expect(inSubnet.NetworkInterfaces).toEqual([
    { DeviceIndex: 0, Groups: ['sg-1'], SubnetId: 'subnet-1' },
  ])
})

test('what is missing is said in the order of the page', () => {
  expect(problemsOf(draft)).toEqual([])
  expect(problemsOf(draftNew())).toEqual([
    'Choose an operating system',
    'Choose a network',
    'The security group needs a name',
  ])
  expect(problemsOf({ ...draft, count: 1.5 })).toEqual(['Between 1 and 1,000 instances'])
})

test.each([
  ['plain-1.2', 'plain-1.2'],
  ["it's", String.raw`'it'\''s'`],
  ['$(rm -rf /)', `'$(rm -rf /)'`],
  ['', `''`],
])('a word for the shell: %s', (text, word) => {
  expect(shellWord(text)).toBe(word)
})

test.each([
  ["Bob's web", 'bob_s_web'],
  ['', 'machine'],
  ['1st', 'machine_1st'],
])('a name for Terraform: %s', (name, label) => {
  expect(terraformLabel(name)).toBe(label)
})

test.each<[string, string | undefined]>([
  ['', undefined],
  ['#!/bin/sh\necho', 'A script, run by /bin/sh at the first boot.'],
  ['#!sh', 'The first line needs the whole path of a program: #!/bin/sh'],
  ['#!/bin/sh\r\necho', 'It has Windows line ends: a shell script with them does not start.'],
  [' #!/bin/sh', 'There is space before the first line: it must begin with #.'],
  ['#cloud-config\npackages:\n\t- nginx', 'Line 3 is indented by a tab: YAML takes spaces only.'],
  ['#cloud-config\n', 'Cloud-config, for images with cloud-init.'],
  ['echo', 'It begins with neither #! nor #cloud-config: guests can read it, and run nothing.'],
  [`#!/bin/sh\n${'x'.repeat(16_384)}`, '16,394 bytes: EC2 takes 16,384 at most.'],
])('user data is looked at: %j', (text, words) => {
  expect(userDataCheck(text)?.words).toBe(words)
})
