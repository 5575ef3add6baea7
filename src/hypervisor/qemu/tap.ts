/**
 * At its start QEMU opens its TAPs before it becomes a user without rights. One that is plugged in later it opens as
 * that user, who owns it (docs/networking.md) and must reach the device of TAPs.
 */
import { chmod, stat } from 'node:fs/promises'

const TUN = '/dev/net/tun'
const EVERYBODY = 0o666

/**
 * Some containers have the device closed to everybody but root. "There's no harm in allowing the device to be
 * accessible by non-root users", says the kernel's Documentation/networking/tuntap.rst: without rights it opens nothing
 * but what is one's own. udev has it 0666.
 */
export async function tunOpenToAll(): Promise<void> {
  if (((await stat(TUN)).mode & EVERYBODY) !== EVERYBODY) await chmod(TUN, EVERYBODY)
}
