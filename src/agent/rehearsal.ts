/**
 * What a copy that is made ahead of its launch is told first: a launch message of somebody who does not exist, with
 * `rehearse` for its first word. The same key is the guest's and its visitor's, and both are forgotten. The addresses
 * are of RFC 5737; the entropy and the time are real, because even a rehearsal draws random numbers.
 */
import { randomBytes } from 'node:crypto'
import type { ImageManifest } from '../domain/image-manifest.ts'
import { INTERFACE_MTU } from '../domain/network-plan.ts'
import { present } from '../lib/assert.ts'
import { sshString } from '../lib/ssh-public-key.ts'
import type { Clock } from '../lib/time.ts'
import { hostKeysGenerate } from './host-keys.ts'
import { launchMessage } from './launch-message.ts'

const ENTROPY_BYTES = 48

export async function rehearsalMessage(
  manifest: ImageManifest,
  mac: string,
  clock: Clock,
): Promise<() => Buffer> {
  const { hostKeys: hostKeyForm } = present(manifest.launchPort, 'an image that can be frozen')
  const hostName = 'rehearsal.internal'
  const hostKeys = await hostKeysGenerate(hostName)
  const blob = Buffer.concat([sshString('ssh-ed25519'), sshString(hostKeys.ed25519.point)])
  return () =>
    launchMessage(
      {
        instanceId: 'i-rehearsal',
        identity: {
          hostName,
          publicKey: `ssh-ed25519 ${blob.toString('base64')} rehearsal`,
          userData: null,
        },
        network: {
          mac,
          address: '192.0.2.5',
          prefix: 24,
          mask: '255.255.255.0',
          gateway: '192.0.2.1',
          mtu: INTERFACE_MTU,
          domain: '-',
          servers: ['192.0.2.2'],
        },
        hostKeys,
        hostKeyForm,
        machineId: randomBytes(16),
        entropy: randomBytes(ENTROPY_BYTES),
        now: clock.now(),
        plugged: { cpus: [], memoryBlocks: null },
        isRootGrown: false,
      },
      'rehearse',
    )
}
