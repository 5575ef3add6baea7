/**
 * A Debian that stood by: it was logged into as somebody who does not exist, and has to have forgotten all of it.
 * Beside a copy of the same template that rehearsed nothing: nothing of what must be unique is the same.
 * docs/templates.md, docs/decisions/0064.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DescribeFastLaunchImagesCommand } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { launch, reach, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

/** Debian in emulation, on a busy host. */
const TEMPLATE_MS = 600_000
const TEST_MS = 1_800_000

const use = useDaemon({
  flags: ['--cpu-overcommit', '100', '--memory-overcommit', '4', '--standbys', '1'],
  images: ['debian-12'],
})

/** Each must differ between any two machines. */
const UNIQUE = [
  'ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | cut -d" " -f3',
  'ssh-keyscan -t ecdsa 127.0.0.1 2>/dev/null | cut -d" " -f3',
  'cat /etc/machine-id',
  'cat /proc/sys/kernel/random/boot_id',
  'cat /proc/sys/kernel/random/uuid',
  'head -c 32 /dev/urandom | base64 -w 0; echo',
  'cat /sys/class/net/eth0/address',
  'hostname',
  'cat /sys/class/dmi/id/product_uuid',
  'cat /sys/class/dmi/id/board_asset_tag',
]

/** What may be left of the visitor, of the template, of a login before this one: what is printed, and nothing else. */
const LEFT: Record<string, string> = {
  'wc -l </home/admin/.ssh/authorized_keys': '1',
  'wc -l </root/.ssh/authorized_keys': '1',
  'ls /etc/ssh | grep -c "host_.*key$"': '2',
  // Ours.
  'loginctl list-sessions --no-legend | wc -l': '1',
  'last -f /var/log/wtmp | grep -F 127.0.0.1': '',
  'grep -c 127.0.0.1 -a /var/log/lastlog': '0',
  'journalctl -q --no-pager -m -o verbose | grep -E "rehearsal|127\\.0\\.0\\.1|192\\.0\\.2\\."': '',
  // Of the boot that was frozen: the kernel's and systemd's words.
  'journalctl -q --no-pager -m -o cat | grep -E "^Linux version|systemd .* running in system mode"':
    '',
  'find /run/log/journal /var/log/journal -mindepth 1 -type d | grep -v "/$(cat /etc/machine-id)$"':
    '',
  // What lies there under no name any more is a log as well.
  // A package's own script has such an address for an example.
  'grep -rlE --exclude-dir=dpkg "rehearsal|192\\.0\\.2\\." /etc /home /root /var /run /tmp /usr/local':
    '',
  'cmp /etc/machine-id /var/lib/dbus/machine-id': '',
  'ls -A /tmp /root /home/admin | grep "history\\|known_hosts"': '',
  'find /run/systemd/netif /var/lib/dhcp -name "*lease*" -type f': '',
  'ls -A /var/lib/cloud/instances | grep -v -x "i-.*"': '',
  'ip -4 -o addr show eth0 | grep -F 192.0.2.': '',
  'ip route show | grep -F 192.0.2.': '',
  'dmesg | grep "Linux version"': '',
}

test(
  'a Debian that rehearsed is nobody else, and remembers nobody',
  { timeout: TEST_MS },
  async () => {
    const { daemon, key } = use
    const image = (await daemon.host.images()).find(({ name }) => name === 'debian-12')
    expect(image, 'the image debian-12, built before').toBeDefined()
    const ImageIds = [image!.imageId!]
    await eventually(
      async () => {
        const answer = await daemon.ec2.send(new DescribeFastLaunchImagesCommand({ ImageIds }))
        return answer.FastLaunchImages?.[0]?.State
      },
      (state) => state === 'enabled',
      TEMPLATE_MS,
    )
    const one = async (): Promise<string> => {
      const [made] = await launch(daemon, {
        ImageId: ImageIds[0]!,
        InstanceType: 't2.nano',
        KeyName: key.name,
      })
      return made!.InstanceId!
    }
    const copy = await one()
    await reach(daemon, [copy], 'running', TEMPLATE_MS)
    const standbys = join(daemon.home, 'standbys')
    await eventually(
      () => daemon.host.templates(),
      (all) => all.some(({ standbys: ready }) => ready?.count === 1),
      TEMPLATE_MS,
    )
    const ahead = (await readdir(standbys))[0]!.replace('.json', '')
    const launched = await one()
    expect(launched, 'the machine that stood by').toBe(ahead)
    const running = await reach(daemon, [copy, launched], 'running', TEMPLATE_MS)
    const seen: string[][] = []
    for (const { InstanceId, PublicIpAddress, PrivateIpAddress } of running) {
      const debian = { ...key, user: 'admin' }
      const look = async (parts: readonly string[]): Promise<string[]> => {
        // By way of its input: a line that sudo is given is in the journal before it runs.
        const script = [...parts.map((part) => `echo '---'; ${part}`), 'exit 0'].join('\n')
        const encoded = Buffer.from(script).toString('base64')
        const words = `echo ${encoded} | base64 -d | sudo sh 2>/dev/null`
        const answer = await sshWhenReady(debian, PublicIpAddress!, words)
        const answers = answer.split(/^---$/m).slice(1)
        expect(answers).toHaveLength(parts.length)
        return answers.map((text) => text.trim())
      }
      // First: the others are a visitor's, too, and ask sshd themselves.
      const left = await look(Object.keys(LEFT))
      const found = Object.fromEntries(Object.keys(LEFT).map((part, at) => [part, left[at]]))
      expect(found, `what is left in ${InstanceId}`).toEqual(LEFT)
      const lines = await look(UNIQUE)
      expect(lines[7]).toBe(`ip-${PrivateIpAddress!.replaceAll('.', '-')}`)
      expect(lines[9]).toBe(InstanceId)
      seen.push(lines)
    }
    for (const column of UNIQUE.keys()) {
      expect(seen[0]![column], UNIQUE[column]).not.toBe('')
      expect(seen[0]![column], UNIQUE[column]).not.toBe(seen[1]![column])
    }
    await terminate(daemon, [copy, launched])
  },
)
