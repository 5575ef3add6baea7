/** Every verb by name: what the overview says of it, and where its code is. Only the verb asked for is loaded. */
import type { Command } from 'commander'
import type { VerbContext } from './verb-context.ts'

export interface Verb {
  name: string
  usage: string
  summary: string
  group: 'Machines' | 'The cloud' | 'Your tools' | 'People' | 'Upkeep'
  load(): Promise<{ command(context: VerbContext): Command }>
}

export const VERBS: readonly Verb[] = [
  {
    name: 'run',
    usage: '[image] [-- command…]',
    summary: 'start a machine and open a shell in it, or run a command there',
    group: 'Machines',
    load: () => import('./verbs/run.ts'),
  },
  {
    name: 'ssh',
    usage: '[machine] [-- command…]',
    summary: 'open a shell in a running machine',
    group: 'Machines',
    load: () => import('./verbs/ssh.ts'),
  },
  {
    name: 'console',
    usage: '[machine]',
    summary: "open the web console, or a machine's serial console",
    group: 'Machines',
    load: () => import('./verbs/console.ts'),
  },
  {
    name: 'vnc',
    usage: '[machine]',
    summary: "look at a machine's screen",
    group: 'Machines',
    load: () => import('./verbs/vnc.ts'),
  },
  {
    name: 'images',
    usage: '[list|build|pull|add]',
    summary: 'what machines can boot: list, build, pull, add',
    group: 'Machines',
    load: () => import('./verbs/images.ts'),
  },
  {
    name: 'backup',
    usage: 'run|list|restore|ls|get|…',
    summary: 'back up machines, restore them, fetch files out of backups',
    group: 'Machines',
    load: () => import('./verbs/backup.ts'),
  },
  {
    name: 'recommend',
    usage: 'WORKLOAD…',
    summary: 'which instance type suits a workload, told in plain words',
    group: 'Machines',
    load: () => import('./verbs/recommend.ts'),
  },
  {
    name: 'net',
    usage: 'explain FROM TO PORT',
    summary: 'can one machine reach another, and if not, why',
    group: 'Machines',
    load: () => import('./verbs/net.ts'),
  },
  {
    name: 'gateway',
    usage: 'key|ssh-key|certificates',
    summary: 'let the Backup gateway reach other hypervisors',
    group: 'The cloud',
    load: () => import('./verbs/gateway.ts'),
  },
  {
    name: 'up',
    usage: '',
    summary: 'start the cloud',
    group: 'The cloud',
    load: () => import('./verbs/up.ts'),
  },
  {
    name: 'down',
    usage: '',
    summary: 'stop the cloud; machines keep running unless told otherwise',
    group: 'The cloud',
    load: () => import('./verbs/down.ts'),
  },
  {
    name: 'status',
    usage: '',
    summary: 'is it up, and what runs',
    group: 'The cloud',
    load: () => import('./verbs/status.ts'),
  },
  {
    name: 'host',
    usage: '[--picture FILE]',
    summary: 'what this host is, what machines were promised and what they get',
    group: 'The cloud',
    load: () => import('./verbs/host.ts'),
  },
  {
    name: 'doctor',
    usage: '',
    summary: 'what this host can do, and how to fix what is missing',
    group: 'The cloud',
    load: () => import('./verbs/doctor.ts'),
  },
  {
    name: 'env',
    usage: '',
    summary: 'print the environment for aws, boto3, Terraform and other tools',
    group: 'Your tools',
    load: () => import('./verbs/env.ts'),
  },
  {
    name: 'configure',
    usage: '',
    summary: "write a profile 'brume' into the AWS config files",
    group: 'Your tools',
    load: () => import('./verbs/configure.ts'),
  },
  {
    name: 'whoami',
    usage: '',
    summary: 'whose keys your tools use here, and in which account',
    group: 'People',
    load: () => import('./verbs/whoami.ts'),
  },
  {
    name: 'users',
    usage: '[list|add|rm]',
    summary: 'people with keys of their own: list, add, remove',
    group: 'People',
    load: () => import('./verbs/users.ts'),
  },
  {
    name: 'keys',
    usage: '[list|add|rotate|off|on|rm]',
    summary: "a user's access keys: list, add, rotate, switch off and on, remove",
    group: 'People',
    load: () => import('./verbs/keys.ts'),
  },
  {
    name: 'accounts',
    usage: '[list|add|env|close]',
    summary: 'accounts apart from each other: list, add, enter, close',
    group: 'People',
    load: () => import('./verbs/accounts.ts'),
  },
  {
    name: 'reset',
    usage: '',
    summary: 'stop everything and delete all state',
    group: 'Upkeep',
    load: () => import('./verbs/reset.ts'),
  },
  {
    name: 'test',
    usage: '[filter…]',
    summary: 'run the tests, with their own set-up',
    group: 'Upkeep',
    load: () => import('./verbs/test.ts'),
  },
  {
    name: 'bench',
    usage: '<what>',
    summary: 'measure: launch, density, disk, network, api, scale',
    group: 'Upkeep',
    load: () => import('./verbs/bench.ts'),
  },
]
