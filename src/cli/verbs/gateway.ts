/** `brume gateway`: what a Backup gateway needs of this host: a key to activate it, a key that hypervisors let in. */
import { Command } from 'commander'
import { requireCloud, resolveHome } from '../home.ts'
import { hostApi } from '../host-api.ts'
import { homeOption, jsonOption } from '../options.ts'
import type { VerbContext } from '../verb-context.ts'
import { certificatesCommand } from './gateway-certificates.ts'

interface Options {
  home?: string
  json?: boolean
}

export function command(context: VerbContext): Command {
  const gateway = new Command('gateway').description(
    'The Backup gateway: machines of other hypervisors, backed up here (docs/backup-gateway.md).',
  )
  gateway.addCommand(
    new Command('key')
      .description('Prints an activation key for `aws backup-gateway create-gateway`.')
      .addOption(homeOption())
      .addOption(jsonOption())
      .addHelpText(
        'after',
        `
Whoever has a gateway reaches every hypervisor that this host reaches: give keys accordingly.
A key can be used once, within half an hour.

Example:
  $ aws backup-gateway create-gateway --gateway-type BACKUP_VM --gateway-display-name lab \\
      --activation-key "$(sudo ./brume gateway key)"`,
      )
      .action(async (options: Options) => {
        const cloud = await requireCloud(resolveHome(options.home), context.launcher)
        const { key, expiresAt } = await hostApi(cloud).gatewayKey()
        const until = new Date(expiresAt).toISOString()
        process.stdout.write(options.json ? `${JSON.stringify({ key, until })}\n` : `${key}\n`)
      }),
  )
  gateway.addCommand(
    new Command('ssh-key')
      .description('Prints the public key by which hypervisors let this host in over ssh.')
      .addOption(homeOption())
      .addHelpText(
        'after',
        `
Example:
  $ sudo ./brume gateway ssh-key | ssh root@kvm.example 'cat >> .ssh/authorized_keys'`,
      )
      .action(async (options: Options) => {
        const cloud = await requireCloud(resolveHome(options.home), context.launcher)
        process.stdout.write(`${await hostApi(cloud).gatewaySshKey()}\n`)
      }),
  )
  gateway.addCommand(certificatesCommand(context))
  return gateway
}
