/**
 * A launch as somebody else's tools would do it: the `aws` command and Terraform. Pure; what it quotes, it quotes
 * safely.
 */
import { permissionOf, type Rule } from '../../util/rules.ts'
import { shellWord } from '../../util/shell.ts'
import { runInput, tagsOf, type Disk, type Draft } from './draft.ts'

const kebab = (name: string): string => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()

/** Options of `aws ec2 …` for a request's members: JSON where a value has members of its own. */
function optionsOf(input: object): string[] {
  return Object.entries(input).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined) return []
    const option = `--${kebab(name)}`
    if (value === true) return [option]
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) {
      return [`${option} ${value.map(shellWord).join(' ')}`]
    }
    if (typeof value === 'object') return [`${option} ${shellWord(JSON.stringify(value))}`]
    return [`${option} ${shellWord(String(value as string | number))}`]
  })
}

function command(words: string, options: readonly string[]): string {
  return [words, ...options].join(' \\\n  ')
}

export function awsCommand(draft: Draft): string {
  const lines: string[] = []
  let ids: string[] = []
  if (draft.groups.mode === 'existing') ids = [...draft.groups.ids]
  else {
    const { name, description, rules } = draft.groups
    const made = command('aws ec2 create-security-group', [
      `--group-name ${shellWord(name)}`,
      `--description ${shellWord(description)}`,
      `--vpc-id ${shellWord(draft.vpcId)}`,
      '--query GroupId --output text',
    ])
    lines.push(`group=$(${made})`)
    if (rules.length > 0) {
      lines.push(
        command('aws ec2 authorize-security-group-ingress', [
          '--group-id "$group"',
          `--ip-permissions ${shellWord(JSON.stringify(rules.map(permissionOf)))}`,
        ]),
      )
    }
  }
  const { MinCount, MaxCount: _most, UserData: _data, ...input } = runInput(draft, ids)
  const options = optionsOf(input)
  if (MinCount !== 1) options.splice(2, 0, `--count ${MinCount}`)
  // The command encodes it by itself.
  if (draft.userData !== '') options.push(`--user-data ${shellWord(draft.userData)}`)
  if (ids.length === 0) withGroup(options)
  lines.push(command('aws ec2 run-instances', options))
  return lines.join('\n')
}

/** The group that the first command made, where its id would stand. */
function withGroup(options: string[]): void {
  const at = options.findIndex((one) => one.startsWith('--security-group-ids'))
  if (at >= 0) options[at] = '--security-group-ids "$group"'
  const nic = options.findIndex((one) => one.startsWith('--network-interfaces'))
  if (nic >= 0) options[nic] = options[nic]!.replace('"Groups":[]', `"Groups":["'"$group"'"]`)
}

/** A string of HCL: nothing in it is a template. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[$%](?=\{)/g, (sign) => sign + sign)
}

type Value = string | number | boolean

/** `a = 1`, with the signs beneath each other as `terraform fmt` has them. */
function attributes(
  entries: readonly (readonly [string, Value | null])[],
  indent: string,
): string[] {
  const kept = entries.filter((one): one is [string, Value] => one[1] !== null)
  const widest = Math.max(0, ...kept.map(([name]) => name.length))
  return kept.map(([name, value]) => `${indent}${name.padEnd(widest)} = ${value}`)
}

function block(name: string, entries: readonly (readonly [string, Value | null])[]): string[] {
  return ['', `  ${name} {`, ...attributes(entries, '    '), '  }']
}

const diskEntries = (disk: Disk): (readonly [string, Value | null])[] => [
  ['volume_size', disk.sizeGiB],
  ['volume_type', quoted(disk.type)],
  ['iops', disk.iops],
  ['throughput', disk.throughput],
  ['encrypted', disk.isEncrypted ? true : null],
  ['delete_on_termination', disk.isDeletedWithInstance],
]

export function terraformLabel(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return /^[a-z]/.test(label) ? label : `machine${label && `_${label}`}`
}

export function terraform(draft: Draft): string {
  const label = terraformLabel(draft.name)
  const groups =
    draft.groups.mode === 'existing'
      ? `[${draft.groups.ids.map(quoted).join(', ')}]`
      : `[aws_security_group.${label}.id]`
  const tags = tagsOf(draft).map(({ Key, Value }) => [hclKey(Key), quoted(Value)] as const)
  const lines = [
    `resource "aws_instance" "${label}" {`,
    ...attributes(
      [
        ['count', draft.count > 1 ? draft.count : null],
        ['ami', quoted(draft.imageId)],
        ['instance_type', quoted(draft.instanceType)],
        ['key_name', draft.keyName === null ? null : quoted(draft.keyName)],
        ['vpc_security_group_ids', groups],
        ['subnet_id', draft.subnetId ? quoted(draft.subnetId) : null],
        [
          'associate_public_ip_address',
          draft.publicAddress === 'subnet' ? null : draft.publicAddress === 'yes',
        ],
        ['iam_instance_profile', draft.profile ? quoted(draft.profile) : null],
        ['placement_group', draft.placementGroup ? quoted(draft.placementGroup) : null],
        ['hibernation', draft.isHibernated ? true : null],
        ['disable_api_termination', draft.isProtected ? true : null],
        [
          'instance_initiated_shutdown_behavior',
          draft.shutdown === 'stop' ? null : quoted(draft.shutdown),
        ],
        ['user_data', draft.userData === '' ? null : quoted(draft.userData)],
      ],
      '  ',
    ),
    ...block('root_block_device', diskEntries(draft.root)),
    ...draft.disks.flatMap((disk) =>
      block('ebs_block_device', [['device_name', quoted(disk.device)], ...diskEntries(disk)]),
    ),
    ...block('metadata_options', [
      ['http_tokens', quoted(draft.areTokensRequired ? 'required' : 'optional')],
      ['http_put_response_hop_limit', draft.hopLimit],
      ['instance_metadata_tags', quoted(draft.areMetadataTagsOn ? 'enabled' : 'disabled')],
    ]),
    ...tagBlock('tags', tags),
    ...tagBlock('volume_tags', tags),
    '}',
  ]
  return [...lines, ...groupBlock(draft, label)].join('\n')
}

function tagBlock(name: string, tags: readonly (readonly [string, Value])[]): string[] {
  return tags.length > 0 ? ['', `  ${name} = {`, ...attributes(tags, '    '), '  }'] : []
}

const hclKey = (key: string): string => (/^[A-Za-z_][\w-]*$/.test(key) ? key : quoted(key))

function groupBlock(draft: Draft, label: string): string[] {
  if (draft.groups.mode !== 'new') return []
  const { name, description, rules } = draft.groups
  return [
    '',
    `resource "aws_security_group" "${label}" {`,
    ...attributes(
      [
        ['name', quoted(name)],
        ['description', quoted(description)],
        ['vpc_id', quoted(draft.vpcId)],
      ],
      '  ',
    ),
    ...rules.flatMap((rule) => block('ingress', ruleEntries(rule))),
    ...block('egress', [
      ['from_port', 0],
      ['to_port', 0],
      ['protocol', quoted('-1')],
      ['cidr_blocks', '["0.0.0.0/0"]'],
    ]),
    '}',
  ]
}

function ruleEntries(rule: Rule): (readonly [string, Value | null])[] {
  const peers = `[${quoted(rule.peer)}]`
  const isSix = rule.peer.includes(':')
  const isAll = rule.protocol === '-1'
  return [
    ['description', rule.description ? quoted(rule.description) : null],
    ['from_port', isAll ? 0 : (rule.fromPort ?? -1)],
    ['to_port', isAll ? 0 : (rule.toPort ?? -1)],
    ['protocol', quoted(rule.protocol)],
    ['cidr_blocks', rule.peerKind === 'cidr' && !isSix ? peers : null],
    ['ipv6_cidr_blocks', rule.peerKind === 'cidr' && isSix ? peers : null],
    ['security_groups', rule.peerKind === 'group' ? peers : null],
    ['prefix_list_ids', rule.peerKind === 'list' ? peers : null],
  ]
}
