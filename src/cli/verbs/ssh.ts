/** `brume ssh`: a shell, or a command, in a machine that runs. */
import { Command } from 'commander'
import { connectKeySend } from '../connect-key.ts'
import { ec2Of, instanceChoose, instancesAll } from '../client.ts'
import { requireCloud, resolveHome } from '../home.ts'
import { userOf } from '../image-choice.ts'
import { homeOption } from '../options.ts'
import { hasOurKey, identityEnsure, requireAddress, sshRun } from '../ssh.ts'
import type { VerbContext } from '../verb-context.ts'

export function command(context: VerbContext): Command {
  return new Command('ssh')
    .description('Opens a shell in a running machine, or runs a command there.')
    .usage('[machine] [options] [-- command…]')
    .argument('[machine]', 'id or name (default: the one launched last)')
    .addOption(homeOption())
    .option('-u, --user <user>', "who logs in (default: the image's own user)")
    .option('-i, --identity <file>', "private key (default: the one './brume run' uses)")
    .addHelpText(
      'after',
      `
Examples:
  $ sudo ./brume ssh
  $ sudo ./brume ssh web -- df -h
  $ sudo ./brume ssh i-0123456789abcdef0 --identity my-key.pem

A machine that was launched with another key, or with none, is lent this one for a minute
(EC2 Instance Connect); tiny and debian-12 take it.

Exit status: the command's; 125 when it could not be started.`,
    )
    .action(
      async (
        machine: string | undefined,
        options: { home?: string; user?: string; identity?: string },
      ) => {
        const home = resolveHome(options.home)
        const cloud = await requireCloud(home, context.launcher)
        const instance = instanceChoose(await instancesAll(await ec2Of(cloud)), machine)
        const ours = await identityEnsure(home)
        const target = {
          home,
          instanceId: instance.InstanceId ?? '',
          address: requireAddress(instance),
          user: options.user ?? (await userOf(cloud, instance.ImageId)),
          identityPath: options.identity ?? ours,
        }
        if (options.identity === undefined && !(await hasOurKey(instance, ours))) {
          const refusal = await connectKeySend(cloud, target)
          // ssh says whether it gets in.
          if (refusal !== null) process.stderr.write(`The key could not be lent: ${refusal}\n`)
        }
        context.exit(await sshRun(target, context.trailing))
      },
    )
}
